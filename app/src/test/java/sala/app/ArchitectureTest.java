package sala.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Arrows of dependency: {@code app, samples, jmh -> model -> {loader, tornado-kernels}}, and what libraries leave alone. */
@AnalyzeClasses(
        packages = {"sala", "uk.ac.manchester.tornado.api"},
        importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule LOADER_KNOWS_NOTHING_ABOVE_OR_BESIDE = noClasses()
            .that()
            .resideInAPackage("sala.loader..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("sala.kernels..", "sala.model..", "sala.app..", "sala.jmh..", "sala.samples..");

    @ArchTest
    static final ArchRule KERNELS_KNOW_NOTHING_ABOVE_OR_BESIDE = noClasses()
            .that()
            .resideInAPackage("sala.kernels..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("sala.loader..", "sala.model..", "sala.app..", "sala.jmh..", "sala.samples..");

    /** The same class files run on TornadoVM, which has its API and nothing of the interpreter. */
    @ArchTest
    static final ArchRule KERNELS_AND_MODEL_DO_NOT_KNOW_THE_INTERPRETER = noClasses()
            .that()
            .resideInAnyPackage("sala.kernels..", "sala.model..", "sala.loader..", "sala.jmh..", "sala.samples..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("sala.tornado.interpreter..");

    @ArchTest
    static final ArchRule INTERPRETER_KNOWS_NOTHING_OF_THE_MODEL = noClasses()
            .that()
            .resideInAnyPackage("sala.tornado.interpreter..", "uk.ac.manchester.tornado.api..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "sala.loader..", "sala.kernels..", "sala.model..", "sala.app..", "sala.jmh..", "sala.samples..");

    @ArchTest
    static final ArchRule MODEL_KNOWS_NOTHING_ABOVE = noClasses()
            .that()
            .resideInAPackage("sala.model..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("sala.app..", "sala.jmh..", "sala.samples..");

    @ArchTest
    static final ArchRule REFERENCE_DOES_NOT_KNOW_CPU = noClasses()
            .that()
            .resideInAPackage("sala.model.reference..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("sala.model.cpu..");

    @ArchTest
    static final ArchRule CPU_DOES_NOT_KNOW_REFERENCE = noClasses()
            .that()
            .resideInAPackage("sala.model.cpu..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("sala.model.reference..");

    @ArchTest
    static final ArchRule TESTING_SHARES_NO_CODE_WITH_WHAT_IT_CHECKS = classes()
            .that()
            .resideInAPackage("sala.testing..")
            .should()
            .onlyDependOnClassesThat()
            .resideOutsideOfPackages("sala.loader..", "sala.kernels..", "sala.model..", "sala.app..");

    @ArchTest
    static final ArchRule LIBRARIES_READ_NO_PROPERTIES = noClasses()
            .that()
            .resideOutsideOfPackages("sala.app..", "sala.testing..")
            .should()
            .callMethod(System.class, "getProperty", String.class)
            .orShould()
            .callMethod(System.class, "getProperty", String.class, String.class)
            .orShould()
            .callMethod(System.class, "getenv", String.class)
            .orShould()
            .callMethod(System.class, "getenv")
            .orShould()
            .callMethod(Integer.class, "getInteger", String.class)
            .orShould()
            .callMethod(Boolean.class, "getBoolean", String.class);

    @ArchTest
    static final ArchRule LIBRARIES_PRINT_NOTHING = noClasses()
            .that()
            .resideOutsideOfPackages("sala.app..", "sala.jmh..", "sala.testing..")
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err");

    @ArchTest
    static final ArchRule NOTHING_LOGS_THROUGH_THE_JDK =
            noClasses().should().dependOnClassesThat().resideInAPackage("java.util.logging..");

    /** The way to the first token touches neither the line editor nor the template engine. */
    @ArchTest
    static final ArchRule GENERATE_NEEDS_NO_LINE_EDITOR = noClasses()
            .that(JavaClass.Predicates.simpleNameStartingWith("Generate")
                    .or(JavaClass.Predicates.simpleNameStartingWith("Open"))
                    .or(JavaClass.Predicates.simpleNameStartingWith("Model"))
                    .or(JavaClass.Predicates.simpleNameStartingWith("Sala")))
            .and()
            .resideInAPackage("sala.app")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.jline..", "com.hubspot..");
}
