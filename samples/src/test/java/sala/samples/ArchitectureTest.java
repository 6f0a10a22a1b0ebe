package sala.samples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Samples use the engine as anybody would: through what runs on every backend, told everything by arguments. */
@AnalyzeClasses(packages = "sala.samples", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule SAMPLES_KNOW_NEITHER_THE_INTERPRETER_NOR_THE_COMMAND = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("sala.tornado.interpreter..", "sala.app..", "sala.jmh..");

    @ArchTest
    static final ArchRule ONLY_THE_RUNNER_OF_LESSONS_READS_PROPERTIES = noClasses()
            .that()
            .resideOutsideOfPackage("sala.samples.notebook..")
            .should()
            .callMethod(System.class, "getProperty", String.class)
            .orShould()
            .callMethod(System.class, "getenv", String.class);

    /** Lessons know of samples no more than what is in their own package. */
    @ArchTest
    static final ArchRule LESSONS_DO_NOT_KNOW_WHO_RUNS_THEM = noClasses()
            .that()
            .resideInAPackage("sala.samples.lesson..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("sala.samples.notebook..");
}
