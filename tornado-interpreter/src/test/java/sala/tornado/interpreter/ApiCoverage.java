package sala.tornado.interpreter;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.AccessFlags;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Compares the interpreter's API with that of a TornadoVM jar, member by member: names, descriptors, static or not. */
final class ApiCoverage {
    private static final String API = "uk/ac/manchester/tornado/api/";

    private final Map<String, ClassModel> ours = new TreeMap<>();
    private final Map<String, ClassModel> theirs = new TreeMap<>();

    /**
     * @param classes the folder of the interpreter's classes
     * @param jar a jar of tornado-api
     */
    ApiCoverage(Path classes, Path jar) throws IOException {
        try (Stream<Path> files = Files.walk(classes.resolve(API))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".class")).toList()) {
                add(ours, Files.readAllBytes(file));
            }
        }
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : zip.stream()
                    .filter(candidate -> candidate.getName().startsWith(API))
                    .filter(candidate -> candidate.getName().endsWith(".class"))
                    .toList()) {
                try (InputStream bytes = zip.getInputStream(entry)) {
                    add(theirs, bytes.readAllBytes());
                }
            }
        }
    }

    private static void add(Map<String, ClassModel> classes, byte[] bytes) {
        ClassModel model = ClassFile.of().parse(bytes);
        if (model.flags().has(AccessFlag.PUBLIC)) {
            classes.put(model.thisClass().asInternalName(), model);
        }
    }

    /** Public members that TornadoVM does not have: code that uses them would not link there. */
    List<String> surplus() {
        List<String> surplus = new ArrayList<>();
        ours.forEach((name, model) -> {
            Set<String> known = members(name, theirs);
            if (!theirs.containsKey(name)) {
                surplus.add("class " + name);
            } else {
                own(model).stream()
                        .filter(member -> !known.contains(member))
                        .forEach(member -> surplus.add(name + " " + member));
            }
        });
        return surplus;
    }

    /** One row a package: classes and members that are covered, of how many; classes that are not. */
    String table() {
        Map<String, List<String>> packages = new TreeMap<>();
        theirs.keySet()
                .forEach(name -> packages.computeIfAbsent(packageOf(name), _ -> new ArrayList<>())
                        .add(name));
        StringBuilder table =
                new StringBuilder("| package | classes | members | covered classes |\n|---|---|---|---|\n");
        packages.forEach((packageName, names) -> {
            Set<String> covered = new TreeSet<>();
            int members = 0;
            int total = 0;
            for (String name : names) {
                if (ours.containsKey(name)) {
                    covered.add(simpleName(name));
                    Set<String> known = members(name, ours);
                    Set<String> wanted = ownOrEmpty(theirs, name);
                    total += wanted.size();
                    members += (int) wanted.stream().filter(known::contains).count();
                }
            }
            if (!covered.isEmpty()) {
                table.append("| `%s` | %d of %d | %d of %d | %s |\n"
                        .formatted(packageName, covered.size(), names.size(), members, total, list(covered)));
            }
        });
        return table.toString();
    }

    /** Members of covered classes that the interpreter lacks. */
    List<String> missing() {
        List<String> missing = new ArrayList<>();
        for (String name : ours.keySet()) {
            Set<String> known = members(name, ours);
            ownOrEmpty(theirs, name).stream()
                    .filter(member -> !known.contains(member))
                    .forEach(member -> missing.add(simpleName(name) + " " + member));
        }
        return missing;
    }

    private static String list(Set<String> names) {
        Set<String> shortened = new TreeSet<>();
        for (String name : names) {
            shortened.add(name.startsWith("TornadoFunctions.Task") ? "TornadoFunctions.Task, Task1 to Task20" : name);
        }
        return String.join(", ", shortened);
    }

    private static String packageOf(String name) {
        String packageName = name.substring(0, name.lastIndexOf('/')).replace('/', '.');
        return packageName.substring("uk.ac.manchester.tornado.".length());
    }

    private static String simpleName(String name) {
        return name.substring(name.lastIndexOf('/') + 1).replace('$', '.');
    }

    private static Set<String> ownOrEmpty(Map<String, ClassModel> classes, String name) {
        return Optional.ofNullable(classes.get(name)).map(ApiCoverage::own).orElse(Set.of());
    }

    /** Members that a class declares. */
    private static Set<String> own(ClassModel model) {
        Set<String> members = new TreeSet<>();
        for (MethodModel method : model.methods()) {
            boolean made = method.flags().has(AccessFlag.SYNTHETIC);
            if (!made && method.flags().has(AccessFlag.PUBLIC)) {
                members.add(described(
                        method.flags(),
                        method.methodName().stringValue(),
                        method.methodType().stringValue()));
            }
        }
        for (FieldModel field : model.fields()) {
            if (field.flags().has(AccessFlag.PUBLIC)) {
                members.add(described(
                        field.flags(),
                        field.fieldName().stringValue(),
                        field.fieldType().stringValue()));
            }
        }
        return members;
    }

    private static String described(AccessFlags flags, String name, String descriptor) {
        return (flags.has(AccessFlag.STATIC) ? "static " : "") + name + " " + descriptor;
    }

    /** Members that a class declares or inherits. */
    private static Set<String> members(String name, Map<String, ClassModel> classes) {
        Set<String> members = new HashSet<>();
        ClassModel model = classes.get(name);
        if (model != null) {
            members.addAll(own(model));
            model.superclass()
                    .map(ClassEntry::asInternalName)
                    .ifPresent(parent -> members.addAll(members(parent, classes)));
            model.interfaces().forEach(parent -> members.addAll(members(parent.asInternalName(), classes)));
        }
        for (String method :
                List.of("toString ()Ljava/lang/String;", "hashCode ()I", "equals (Ljava/lang/Object;)Z", "close ()V")) {
            members.add(method);
        }
        return members;
    }
}
