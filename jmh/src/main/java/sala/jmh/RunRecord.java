package sala.jmh;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * What JMH's result file does not say of a run: kept beside it, under the same name with {@code .machine.json}.
 *
 * @param commit of the sources, with {@code -dirty} where they were changed
 * @param device the GPU, or the processor where none was measured
 * @param driver TornadoVM backend, platform and driver version of the GPU; empty without one
 * @param processor name and number of processors
 * @param jdk version and vendor
 * @param flags of the JVM that started the forks
 * @param profile the suite, or {@code custom}
 * @param started time of the start, UTC
 */
record RunRecord(
        String commit,
        String device,
        Optional<String> driver,
        String processor,
        String jdk,
        List<String> flags,
        String profile,
        Instant started) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** Of this process. */
    static RunRecord now(String commit, String profile, boolean hasDevice) {
        String processor = "%s, %d processors"
                .formatted(processorName(), Runtime.getRuntime().availableProcessors());
        Optional<TornadoDevice> device = hasDevice
                ? Optional.of(TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice())
                : Optional.empty();
        return new RunRecord(
                commit,
                device.map(each -> each.getPhysicalDevice().getDeviceName().strip())
                        .orElse(processor),
                device.map(each -> "%s, %s".formatted(each.getTornadoVMBackend(), each.getPlatformName())),
                processor,
                "%s, %s"
                        .formatted(
                                Runtime.version(),
                                ManagementFactory.getRuntimeMXBean().getVmVendor()),
                ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                        .filter(flag -> !flag.contains("/") && !flag.contains("\\"))
                        .toList(),
                profile,
                Instant.now().truncatedTo(ChronoUnit.SECONDS));
    }

    /** Whether TornadoVM's default device is one that has a speed. */
    static boolean hasDevice() {
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice().getTornadoVMBackend()
                != TornadoVMBackendType.JAVA;
    }

    private static String processorName() {
        if (!Files.isReadable(CPU_INFO)) {
            return ManagementFactory.getOperatingSystemMXBean().getArch();
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(ManagementFactory.getOperatingSystemMXBean().getArch());
        } catch (IOException _) {
            return ManagementFactory.getOperatingSystemMXBean().getArch();
        }
    }

    /** The device, and its backend, as a folder's name: lower case, words joined by hyphens. */
    String folder() {
        String backend = driver.map(text -> " " + text.replaceAll(",.*", "")).orElse("");
        return (device + backend)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-|-$", "");
    }

    /** The file beside a result file. */
    static Path besides(Path results) {
        String name = results.getFileName().toString();
        String stem = name.endsWith(".json") ? name.substring(0, name.length() - ".json".length()) : name;
        return results.resolveSibling(stem + ".machine.json");
    }

    void write(Path file) throws IOException {
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode node = json.createObjectNode();
        node.put("commit", commit);
        node.put("device", device);
        driver.ifPresent(text -> node.put("driver", text));
        node.put("processor", processor);
        node.put("jdk", jdk);
        ArrayNode array = node.putArray("flags");
        flags.forEach(array::add);
        node.put("profile", profile);
        node.put("started", started.toString());
        Files.writeString(file, json.writeValueAsString(node) + "\n");
    }
}
