package sala.model;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.reference.ReferenceForwardPass;
import sala.model.tornado.DeviceMemoryPlan;
import sala.model.tornado.TornadoDevices;
import sala.model.tornado.TornadoForwardPass;
import sala.model.tornado.TornadoOptions;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Picks a backend, and says which and why. */
public final class ForwardPasses {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String TORNADOVM_MODULE = "tornado.runtime";

    private ForwardPasses() {}

    /**
     * What this JVM has.
     *
     * @param hasVectorApi for the cpu backend
     * @param hasTornadoVm whether it was started with an installed TornadoVM, which takes the interpreter's place
     * @param devices of TornadoVM or of the interpreter; asked for when they are needed, since that starts the runtime
     */
    record Machine(boolean hasVectorApi, boolean hasTornadoVm, Supplier<List<TornadoDevices.Entry>> devices) {
        static Machine current() {
            return new Machine(hasModule(VECTOR_MODULE), hasModule(TORNADOVM_MODULE), TornadoDevices::list);
        }

        private static boolean hasModule(String name) {
            return ModuleLayer.boot().findModule(name).isPresent();
        }
    }

    /**
     * What was picked.
     *
     * @param backend never {@link Backend#AUTO}
     * @param device of the backends interpreter and tornado
     * @param explanation one line for people
     */
    public record Choice(Backend backend, Optional<TornadoDevices.Entry> device, String explanation) {
        /**
         * Opens a forward pass over the weights; closing it leaves the weights alone.
         *
         * @throws MemoryPlanException if the device has no room for the weights and the context
         * @throws BackendUnavailableException if the device cannot have the wanted weight format, or cannot record graphs
         *     as wanted
         * @throws DeviceException if a weight is beyond the range of its format, or the device fails
         */
        public ForwardPass open(ModelWeights weights, PassOptions options) {
            return switch (backend) {
                case REFERENCE -> new ReferenceForwardPass(weights);
                case CPU -> {
                    CpuOptions cpu = CpuOptions.defaults().withThreads(options.threads());
                    yield new CpuForwardPass(weights, options.measured() ? cpu.withPlainMultiplyAdds(0) : cpu);
                }
                case INTERPRETER, TORNADO -> openOn(device.orElseThrow(), weights, options);
                case AUTO -> throw new IllegalStateException("AUTO is a request, not a choice");
            };
        }

        private static ForwardPass openOn(TornadoDevices.Entry entry, ModelWeights weights, PassOptions options) {
            TornadoOptions wanted = TornadoOptions.of(
                            entry.device(), weights, options.weightFormat(), options.contextLength())
                    .withRecording(options.recording(), entry.device());
            if (options.prefillChunk().isPresent()) {
                wanted = wanted.withPrefillChunk(Math.min(options.prefillChunk().getAsInt(), options.contextLength()));
            }
            long memoryBytes = Math.max(0, entry.memoryBytes() - options.keptBytes());
            DeviceMemoryPlan plan;
            try {
                plan = DeviceMemoryPlan.of(weights.config(), wanted).fittedTo(memoryBytes);
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new MemoryPlanException(
                        "a context of %d tokens: no device can address its caches (%s); lower --context-length"
                                .formatted(options.contextLength(), e.getMessage()));
            }
            String free =
                    options.keptBytes() > 0 ? " beside what closed models keep (a process of its own has it all)" : "";
            plan.check(entry.name() + free, memoryBytes);
            return new TornadoForwardPass(weights, plan.options(), entry.device(), options.loading());
        }
    }

    /** Whether this JVM was started with an installed TornadoVM. */
    public static boolean hasTornadoVm() {
        return Machine.current().hasTornadoVm();
    }

    /**
     * Picks, on whichever device.
     *
     * @throws BackendUnavailableException if the wanted backend does not run here
     */
    public static Choice choose(Backend requested) {
        return choose(requested, OptionalInt.empty());
    }

    /**
     * Picks.
     *
     * @param deviceIndex in {@link TornadoDevices#list}; with {@link Backend#AUTO} it asks for that device
     * @throws BackendUnavailableException if the wanted backend or device does not run here
     */
    public static Choice choose(Backend requested, OptionalInt deviceIndex) {
        return choose(requested, deviceIndex, Machine.current());
    }

    static Choice choose(Backend requested, OptionalInt deviceIndex, Machine machine) {
        return switch (requested) {
            case REFERENCE -> onHost(Backend.REFERENCE, deviceIndex, "backend reference: asked for");
            case CPU -> {
                if (!machine.hasVectorApi()) {
                    throw new BackendUnavailableException(
                            "backend cpu needs the Vector API, which this JVM was started without: add --add-modules %s to its options, or take --backend reference"
                                    .formatted(VECTOR_MODULE));
                }
                yield onHost(Backend.CPU, deviceIndex, "backend cpu: asked for");
            }
            case INTERPRETER -> {
                if (machine.hasTornadoVm()) {
                    throw new BackendUnavailableException(
                            "backend interpreter: this JVM was started with TornadoVM, which takes the interpreter's place: unset TORNADOVM_HOME, or take --backend tornado");
                }
                yield onDevice(Backend.INTERPRETER, deviceIndex, machine);
            }
            case TORNADO -> {
                if (!machine.hasTornadoVm()) {
                    throw new BackendUnavailableException(
                            "backend tornado needs TornadoVM, which this JVM was started without: install an SDK of TornadoVM 5.2.0 for JDK 25 (such as sdk install tornadovm 5.2.0-opencl), set TORNADOVM_HOME to its folder and start the launcher ./sala; without a GPU take --backend cpu, or --backend interpreter to run the same kernels slowly");
                }
                yield onDevice(Backend.TORNADO, deviceIndex, machine);
            }
            case AUTO -> {
                if (deviceIndex.isPresent()) {
                    yield choose(machine.hasTornadoVm() ? Backend.TORNADO : Backend.INTERPRETER, deviceIndex, machine);
                }
                yield automatic(machine);
            }
        };
    }

    private static Choice onHost(Backend backend, OptionalInt deviceIndex, String explanation) {
        if (deviceIndex.isPresent()) {
            throw new BackendUnavailableException(
                    "--device %d: backend %s has no devices; take --backend tornado or interpreter"
                            .formatted(deviceIndex.getAsInt(), backend));
        }
        return new Choice(backend, Optional.empty(), explanation);
    }

    private static Choice onDevice(Backend backend, OptionalInt deviceIndex, Machine machine) {
        List<TornadoDevices.Entry> entries = machine.devices().get();
        if (entries.isEmpty()) {
            throw new BackendUnavailableException(
                    "backend %s: TornadoVM finds no device: check the driver, or take --backend cpu"
                            .formatted(backend));
        }
        TornadoDevices.Entry entry;
        if (deviceIndex.isEmpty()) {
            entry = backend == Backend.INTERPRETER
                    ? entries.getLast() // the interpreter's fast way of running; the first watches every access
                    : preferred(entries).orElse(entries.getFirst());
        } else if (deviceIndex.getAsInt() >= 0 && deviceIndex.getAsInt() < entries.size()) {
            entry = entries.get(deviceIndex.getAsInt());
        } else {
            throw new BackendUnavailableException(
                    "--device %d: the devices are %s".formatted(deviceIndex.getAsInt(), describe(entries)));
        }
        return new Choice(
                backend,
                Optional.of(entry),
                "backend %s on device %s: %s"
                        .formatted(
                                backend,
                                describe(entry),
                                deviceIndex.isPresent() ? "asked for" : "the best of its devices"));
    }

    /** A GPU through a backend that computes the whole model right: CUDA before OpenCL, and never PTX by itself. */
    private static Optional<TornadoDevices.Entry> preferred(List<TornadoDevices.Entry> entries) {
        return gpu(entries, TornadoVMBackendType.CUDA).or(() -> gpu(entries, TornadoVMBackendType.OPENCL));
    }

    private static Optional<TornadoDevices.Entry> gpu(
            List<TornadoDevices.Entry> entries, TornadoVMBackendType backend) {
        return entries.stream()
                .filter(entry -> entry.isGpu() && entry.backend() == backend)
                .findFirst();
    }

    private static Choice automatic(Machine machine) {
        if (!machine.hasTornadoVm()) {
            return automaticOnHost(machine, "no GPU is looked for without TornadoVM (TORNADOVM_HOME)");
        }
        List<TornadoDevices.Entry> entries;
        try {
            entries = machine.devices().get();
        } catch (BackendUnavailableException e) {
            return automaticOnHost(machine, String.valueOf(e.getMessage()));
        }
        return preferred(entries)
                .map(entry -> new Choice(
                        Backend.TORNADO,
                        Optional.of(entry),
                        "backend tornado on device %s: TornadoVM has this GPU".formatted(describe(entry))))
                .orElseGet(() -> automaticOnHost(
                        machine,
                        "TornadoVM has no GPU through CUDA or OpenCL, only %s"
                                .formatted(entries.isEmpty() ? "nothing" : describe(entries))));
    }

    private static Choice automaticOnHost(Machine machine, String why) {
        return machine.hasVectorApi()
                ? new Choice(Backend.CPU, Optional.empty(), "backend cpu: the Vector API is there; " + why)
                : new Choice(
                        Backend.REFERENCE,
                        Optional.empty(),
                        "backend reference, which is slow: this JVM was started without the Vector API; add --add-modules %s for backend cpu; %s"
                                .formatted(VECTOR_MODULE, why));
    }

    private static String describe(List<TornadoDevices.Entry> entries) {
        return entries.stream().map(ForwardPasses::describe).collect(Collectors.joining(", "));
    }

    private static String describe(TornadoDevices.Entry entry) {
        return "%d (%s, %s)".formatted(entry.index(), entry.name(), entry.backend());
    }
}
