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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * What JMH's result file does not say of a run: kept beside it, under the same name with {@code .machine.json}.
 *
 * @param commit of the sources, with {@code -dirty} where they were changed
 * @param device the GPU, or the processor where none was measured
 * @param backend TornadoVM's backend and platform of the GPU; empty without one
 * @param driver version of the GPU's driver; empty without a GPU, or where nothing says it
 * @param limits what the GPU reached, measured before the first benchmark; empty without one
 * @param processor name and number of processors
 * @param jdk version and vendor
 * @param flags of the JVM that started the forks
 * @param profile the suite, or {@code custom}
 * @param started time of the start, UTC
 */
record RunRecord(
        String commit,
        String device,
        Optional<String> backend,
        Optional<String> driver,
        Optional<Limits> limits,
        String processor,
        String jdk,
        List<String> flags,
        String profile,
        Instant started) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Path NVIDIA_MODULE = Path.of("/proc/driver/nvidia/version");
    private static final Pattern VERSION = Pattern.compile("\\d+\\.\\d+(\\.\\d+)*");

    /** Of this process and TornadoVM's default device, if that is one. */
    static RunRecord now(String commit, Profile profile, Optional<TornadoDevice> device, Optional<Limits> limits) {
        String processor = "%s, %d processors"
                .formatted(processorName(), Runtime.getRuntime().availableProcessors());
        return new RunRecord(
                commit,
                device.map(each -> each.getPhysicalDevice().getDeviceName().strip())
                        .orElse(processor),
                device.map(each -> "%s, %s".formatted(each.getTornadoVMBackend(), each.getPlatformName())),
                device.flatMap(_ -> driverVersion()),
                limits,
                processor,
                "%s, %s"
                        .formatted(
                                Runtime.version(),
                                ManagementFactory.getRuntimeMXBean().getVmVendor()),
                ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                        .filter(flag -> !flag.contains("/") && !flag.contains("\\") && !DeviceLimits.isOption(flag))
                        .toList(),
                profile.toString(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS));
    }

    /** With what somebody knows better than this process. */
    RunRecord named(Optional<String> deviceName, Optional<String> driverName) {
        return new RunRecord(
                commit,
                deviceName.orElse(device),
                backend,
                driverName.or(() -> driver),
                limits,
                processor,
                jdk,
                flags,
                profile,
                started);
    }

    /** TornadoVM's default device, if it is one that has a speed. */
    static Optional<TornadoDevice> tornadoDevice() {
        TornadoDevice device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
        return device.getTornadoVMBackend() == TornadoVMBackendType.JAVA ? Optional.empty() : Optional.of(device);
    }

    /** What the kernel module of NVIDIA's driver says of itself; TornadoVM does not tell. */
    private static Optional<String> driverVersion() {
        if (!Files.isReadable(NVIDIA_MODULE)) {
            return Optional.empty();
        }
        try (Stream<String> lines = Files.lines(NVIDIA_MODULE)) {
            return lines.filter(line -> line.startsWith("NVRM version"))
                    .map(VERSION::matcher)
                    .filter(Matcher::find)
                    .map(Matcher::group)
                    .findFirst();
        } catch (IOException _) {
            return Optional.empty();
        }
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
        String suffix = backend.map(text -> " " + text.replaceAll(",.*", "")).orElse("");
        return (device + suffix)
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

    /**
     * Writes it.
     *
     * @param missing runs that have no result: refused, wrong, or not reached
     */
    void write(Path file, List<Profile.Pass> missing) throws IOException {
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode node = json.createObjectNode();
        node.put("commit", commit);
        node.put("device", device);
        backend.ifPresent(text -> node.put("backend", text));
        driver.ifPresent(text -> node.put("driver", text));
        limits.filter(Limits::areKnown)
                .ifPresent(each -> node.put(
                        "limits",
                        String.format(
                                Locale.ROOT,
                                "copy %.1f GB/s, f32 multiply-adds %.1f GFLOP/s",
                                each.bytesPerSecond() * 1e-9,
                                each.flopsPerSecond() * 1e-9)));
        node.put("processor", processor);
        node.put("jdk", jdk);
        ArrayNode array = node.putArray("flags");
        flags.forEach(array::add);
        node.put("profile", profile);
        node.put("started", started.toString());
        if (!missing.isEmpty()) {
            ArrayNode without = node.putArray("without result");
            missing.forEach(run -> without.add(run.toString()));
        }
        Files.writeString(file, json.writeValueAsString(node) + "\n");
    }
}
