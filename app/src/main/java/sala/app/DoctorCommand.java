package sala.app;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import sala.loader.Checkpoint;
import sala.loader.DType;
import sala.model.Backend;
import sala.model.BackendUnavailableException;
import sala.model.EmbeddedModel;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.MemoryPlan;
import sala.model.ModelWeights;
import sala.model.PassOptions;
import sala.model.tornado.DeviceCheckup;
import sala.model.tornado.TornadoDevices;

/** {@code sala doctor}: what this machine has, whether it works, and how to get what is missing. */
@Command(
        name = "doctor",
        description = "Checks what this machine has: that the device computes what the processor computes.",
        footer = {
            "%nRuns every kernel of the model on small inputs beside a reference in double",
            "precision, then the embedded model beside the cpu backend, or random weights of",
            "another shape. The exit code is 0 when all that was found works, 1 otherwise;",
            "what is missing is no failure. Examples:",
            "  sala doctor --device 0 --json",
            "  sala doctor --shape 9b --layers 4"
        })
final class DoctorCommand implements Callable<Integer> {
    private static final long SEED = 42;

    private final CommandStreams streams;
    private final List<Finding> findings = new ArrayList<>();

    @Option(
            names = "--device",
            paramLabel = "N",
            description = "Device to check, as ./sala devices lists them. Default: the one that is picked.")
    private @Nullable Integer device;

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            description =
                    "Check random bf16 weights of this shape instead of the embedded model: ${COMPLETION-CANDIDATES}.",
            completionCandidates = BenchShape.Names.class)
    private @Nullable String shape;

    @Option(names = "--layers", paramLabel = "N", description = "Only the first N layers of the shape.")
    private @Nullable Integer layers;

    @Option(names = "--json", description = "Print one JSON object: {\"findings\":[..],\"healthy\":true}.")
    private boolean asJson;

    DoctorCommand(CommandStreams streams) {
        this.streams = streams;
    }

    /** What was found of one thing. */
    private enum Verdict {
        OK,
        MISSING,
        FAILED
    }

    private record Finding(String name, Verdict verdict, String detail) {}

    @Override
    public Integer call() {
        if (layers != null && shape == null) {
            throw new UsageException("--layers goes with --shape");
        }
        Optional<BenchShape> random =
                Optional.ofNullable(shape).map(name -> BenchShape.of(name, Optional.ofNullable(layers)));
        random.ifPresentOrElse(
                each -> TornadoProperties.set(
                        Collections.nCopies(DeviceCheckup.PASSES, each.config()),
                        DeviceCheckup.contextLength(each.config())),
                TornadoProperties::set);
        checkMachine();
        checkDevice(random);
        boolean healthy = findings.stream().noneMatch(finding -> finding.verdict() == Verdict.FAILED);
        if (asJson) {
            JsonOutput.writeLine(streams, json -> writeJson(json, healthy));
        } else {
            streams.emit(healthy ? "\nall that was found works\n" : "\nsomething does not work, see FAILED above\n");
        }
        return healthy ? 0 : SalaCommand.EXIT_FAILURE;
    }

    private void report(String name, Verdict verdict, String detail) {
        findings.add(new Finding(name, verdict, detail));
        if (!asJson) {
            streams.emit(String.format(
                    Locale.ROOT, "%-22s %-8s %s%n", name, verdict == Verdict.OK ? "ok" : verdict.name(), detail));
        }
    }

    private void checkMachine() {
        report("Java", Verdict.OK, "%s (%s)".formatted(Runtime.version(), System.getProperty("java.home")));
        boolean hasVectorApi = hasCpuBackend();
        report(
                "Vector API",
                hasVectorApi ? Verdict.OK : Verdict.MISSING,
                hasVectorApi
                        ? "backend cpu runs"
                        : "backend cpu does not run: start with the launcher ./sala, or with --add-modules jdk.incubator.vector");
        report(
                "memory",
                Verdict.OK,
                "%s, of which the heap may take %s"
                        .formatted(
                                Quantities.bytes(MemoryCheck.physicalBytes()),
                                Quantities.bytes(Runtime.getRuntime().maxMemory())));
        if (ForwardPasses.hasTornadoVm()) {
            report("TornadoVM", Verdict.OK, "this JVM was started with it");
        } else {
            report(
                    "TornadoVM",
                    Verdict.MISSING,
                    "for a GPU: install an SDK of TornadoVM 5.2.0 for JDK 25 (such as sdk install tornadovm 5.2.0-opencl) and set TORNADOVM_HOME to its folder");
        }
    }

    private static boolean hasCpuBackend() {
        try {
            ForwardPasses.choose(Backend.CPU, OptionalInt.empty());
            return true;
        } catch (BackendUnavailableException _) {
            return false;
        }
    }

    private void checkDevice(Optional<BenchShape> random) {
        List<TornadoDevices.Entry> entries;
        ForwardPasses.Choice choice;
        try {
            entries = TornadoDevices.list();
            choice = ForwardPasses.choose(
                    DevicesCommand.backend(), device == null ? OptionalInt.empty() : OptionalInt.of(device));
        } catch (BackendUnavailableException e) {
            report("device", Verdict.FAILED, String.valueOf(e.getMessage()));
            return;
        }
        if (ForwardPasses.hasTornadoVm() && entries.stream().noneMatch(TornadoDevices.Entry::isGpu)) {
            report("GPU", Verdict.MISSING, "TornadoVM has none: is there one, with its driver and its OpenCL or CUDA?");
        }
        TornadoDevices.Entry entry = choice.device().orElseThrow();
        report("device", Verdict.OK, choice.explanation());
        DeviceCheckup.checkKernels(entry, this::report);
        random.ifPresentOrElse(each -> checkShape(entry, each), () -> checkEmbeddedModel(entry));
    }

    private void report(DeviceCheckup.Result result) {
        report(result.name(), result.passed() ? Verdict.OK : Verdict.FAILED, result.detail());
    }

    private void checkEmbeddedModel(TornadoDevices.Entry entry) {
        try (Checkpoint checkpoint = Checkpoint.open(EmbeddedModel.directory())) {
            checkModel(entry, ModelWeights.load(checkpoint));
        }
    }

    private void checkShape(TornadoDevices.Entry entry, BenchShape random) {
        MemoryCheck.requireWeights(random.config(), DType.BF16);
        try (Arena arena = Arena.ofShared()) {
            checkModel(entry, ModelWeights.random(random.config(), DType.BF16, SEED, arena));
        }
    }

    private void checkModel(TornadoDevices.Entry entry, ModelWeights weights) {
        ForwardPasses.Choice host =
                ForwardPasses.choose(hasCpuBackend() ? Backend.CPU : Backend.REFERENCE, OptionalInt.empty());
        int contextLength = DeviceCheckup.contextLength(weights.config());
        MemoryCheck.require(MemoryPlan.of(weights.config(), contextLength), "SALA_JAVA_OPTS");
        int threads = Runtime.getRuntime().availableProcessors();
        try (ForwardPass expected = host.open(weights, PassOptions.of(threads, contextLength))) {
            DeviceCheckup.checkModel(entry, weights, expected, host.backend().toString(), this::report);
        }
    }

    private void writeJson(JsonGenerator json, boolean healthy) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("findings");
        for (Finding finding : findings) {
            json.writeStartObject();
            json.writeStringField("name", finding.name());
            json.writeStringField("verdict", finding.verdict().name().toLowerCase(Locale.ROOT));
            json.writeStringField("detail", finding.detail());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeBooleanField("healthy", healthy);
        json.writeEndObject();
    }
}
