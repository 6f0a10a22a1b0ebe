import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes the F16, BF16 and packed bf16 forms of kernel classes from their F32 source, as {@code sala.kernels.storage.StorageVariants}
 * says. A file is written only if it changes, and files whose source is gone are deleted.
 */
final class StorageVariants {
    private static final Pattern REQUEST = Pattern.compile("@StorageVariants\\(\\{?([^)}]*)}?\\)\\s*\\n");
    private static final Pattern IMPORT_OF_MARKS = Pattern.compile(
            "import (static )?sala\\.kernels\\.storage\\.(Stored|StorageVariants|StorageType(\\.\\w+)?);\\n");
    private static final Pattern STORED = Pattern.compile("@Stored\\s+(final\\s+)?FloatArray\\b");
    private static final Pattern CLASS_NAME = Pattern.compile("\\b([A-Z]\\w*[a-z0-9])F32\\b");
    private static final String ARRAYS = "import uk.ac.manchester.tornado.api.types.arrays.";

    /** Suffix of class names and array type, by the storage type's name. */
    private static final Map<String, List<String>> VARIANTS = Map.of(
            "F16", List.of("F16", "HalfFloatArray"),
            "BF16", List.of("Bf16", "BFloat16Array"),
            "PACKED_BF16", List.of("PackedBf16", "LongArray"));

    private StorageVariants() {}

    /** Arguments: the source folder, the folder to write to. */
    public static void main(String[] args) throws IOException {
        Path sources = Path.of(args[0]);
        Path target = Path.of(args[1]);
        Files.createDirectories(target);
        Set<Path> written = new HashSet<>();
        for (Path source : javaFiles(sources)) {
            String text = Files.readString(source);
            Matcher request = REQUEST.matcher(text);
            if (!request.find()) {
                continue;
            }
            String className = source.getFileName().toString().replace(".java", "");
            if (!className.endsWith("F32")) {
                throw new IllegalArgumentException(
                        source + ": expected a class whose name ends in F32, found " + className);
            }
            for (String type : request.group(1).split(",")) {
                String name = type.strip().replace("StorageType.", "");
                List<String> variant = VARIANTS.get(name);
                if (variant == null) {
                    throw new IllegalArgumentException(
                            source + ": expected F16, BF16 or PACKED_BF16 in @StorageVariants, found " + name);
                }
                Path file = target.resolve(sources.relativize(source))
                        .resolveSibling(className.substring(0, className.length() - 3) + variant.get(0) + ".java");
                written.add(file);
                writeIfChanged(file, variant(text, variant.get(0), variant.get(1)));
            }
        }
        for (Path file : javaFiles(target)) {
            if (!written.contains(file)) {
                Files.delete(file);
            }
        }
    }

    private static String variant(String text, String suffix, String arrayType) {
        String result = REQUEST.matcher(text).replaceFirst("");
        result = IMPORT_OF_MARKS.matcher(result).replaceAll("");
        result = STORED.matcher(result).replaceAll(match -> (match.group(1) == null ? "" : "final ") + arrayType);
        result = CLASS_NAME.matcher(result).replaceAll("$1" + suffix);
        String arrayImport = ARRAYS + arrayType + ";\n";
        if (!result.contains(arrayImport)) {
            result = result.replace(ARRAYS + "FloatArray;\n", ARRAYS + "FloatArray;\n" + arrayImport);
        }
        return result;
    }

    private static void writeIfChanged(Path file, String text) throws IOException {
        if (Files.exists(file) && Files.readString(file).equals(text)) {
            return;
        }
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static List<Path> javaFiles(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return new ArrayList<>(files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
