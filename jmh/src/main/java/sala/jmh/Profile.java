package sala.jmh;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import sala.loader.DType;
import sala.model.tornado.TornadoOptions;

/** Which benchmarks with which parameters make a suite. */
enum Profile {
    /** Every benchmark once on small shapes, timed too short to mean anything: a test that each of them runs. */
    QUICK,
    /** Every operation at the released model's shapes, on the CPU and, if there is one, on TornadoVM's device. */
    FULL,
    /** The same on TornadoVM's device alone. */
    DEVICE;

    /**
     * One call of JMH.
     *
     * @param benchmark name of a benchmark class
     * @param parameters values of its parameters; those left out have the values of the class
     */
    record Pass(String benchmark, Map<String, List<String>> parameters) {
        /** Every combination of parameters by itself, those of the class among them, but for the given ones. */
        List<Pass> runs(Predicate<String> isGiven) {
            Map<String, List<String>> all = new TreeMap<>();
            for (Field field : type().getFields()) {
                Param values = field.getAnnotation(Param.class);
                if (values != null && !isGiven.test(field.getName())) {
                    all.put(field.getName(), parameters.getOrDefault(field.getName(), List.of(values.value())));
                }
            }
            List<Map<String, List<String>>> combinations = List.of(Map.of());
            for (Map.Entry<String, List<String>> parameter : all.entrySet()) {
                List<Map<String, List<String>>> longer = new ArrayList<>();
                for (Map<String, List<String>> combination : combinations) {
                    for (String value : parameter.getValue()) {
                        Map<String, List<String>> next = new TreeMap<>(combination);
                        next.put(parameter.getKey(), List.of(value));
                        longer.add(next);
                    }
                }
                combinations = longer;
            }
            return combinations.stream()
                    .map(combination -> new Pass(benchmark, combination))
                    .toList();
        }

        /** Results of one run: a class may have several methods. */
        int methods() {
            return (int) Arrays.stream(type().getMethods())
                    .filter(method -> method.isAnnotationPresent(Benchmark.class))
                    .count();
        }

        private Class<?> type() {
            try {
                return Class.forName(getClass().getPackageName() + "." + benchmark);
            } catch (ClassNotFoundException e) {
                throw new IllegalStateException("profile names a benchmark that does not exist: " + benchmark, e);
            }
        }

        @Override
        public String toString() {
            return Stream.concat(
                            Stream.of(benchmark),
                            parameters.entrySet().stream()
                                    .map(each -> each.getKey() + "=" + String.join(",", each.getValue())))
                    .collect(Collectors.joining(" "));
        }
    }

    /** The name people type. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The profile of a name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static Profile ofName(String name) {
        return Arrays.stream(values())
                .filter(profile -> profile.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--profile: expected one of %s, found %s"
                        .formatted(
                                Arrays.stream(values()).map(Profile::toString).collect(Collectors.joining(", ")),
                                name)));
    }

    /**
     * What is run.
     *
     * @param device TornadoVM's, if it is not the interpreter
     */
    List<Pass> passes(Optional<DeviceTraits> device) {
        List<Pass> passes = new ArrayList<>(
                switch (this) {
                    case QUICK -> quick("backend=REFERENCE,CPU", "dtype=BF16", "16");
                    case FULL -> full();
                    case DEVICE -> List.of();
                });
        device.map(traits -> switch (this) {
                    case QUICK -> quick("backend=TORNADO", "dtype=F32", "16").subList(0, QUICK_OPERATIONS);
                    case FULL, DEVICE -> onDevice(traits);
                })
                .ifPresent(passes::addAll);
        return passes;
    }

    /** Passes of {@link #quick} that have a backend. */
    private static final int QUICK_OPERATIONS = 12;

    private static List<Pass> quick(String backend, String dtype, String tokens) {
        String heads = "heads=8/2x32";
        String cache = "cacheType=F32";
        return List.of(
                pass("MatVecBenchmark", backend, dtype, "rows=256", "columns=256"),
                pass("MatMulBenchmark", backend, dtype, "rows=256", "columns=256", "tokens=" + tokens),
                pass("RmsNormBenchmark", backend, heads, "tokens=" + tokens),
                pass("RopeBenchmark", backend, heads, "tokens=" + tokens),
                pass("LightningStepBenchmark", backend, heads),
                pass("LightningPrefillBenchmark", backend, heads, "tokens=128", "chunkSize=64"),
                pass("KeyCompressionBenchmark", backend, heads, cache, "tokens=512"),
                pass("BlockSelectionBenchmark", backend, heads, cache, "contextLength=8192", "tokens=1,2"),
                pass("SparseAttentionBenchmark", backend, heads, cache, "contextLength=8192", "tokens=1,2"),
                pass("DenseAttentionBenchmark", backend, heads, cache, "contextLength=1024", "tokens=1,2"),
                pass("LayerBenchmark", backend, dtype, heads, "contextLength=512", "tokens=1"),
                pass(
                        "PrefillBenchmark",
                        backend,
                        dtype,
                        "shape=TINY",
                        "layers=2",
                        "promptLength=64",
                        "prefillChunk=64"),
                pass("DecodeBenchmark", "backend=CPU", dtype, "shape=TINY", "layers=2", "contextLength=512"),
                pass("ParallelRegionBenchmark"),
                pass("TokenizerBenchmark"),
                pass("CheckpointOpenBenchmark"));
    }

    private static List<Pass> full() {
        String reference = "backend=REFERENCE";
        String cpu = "backend=CPU";
        String both = "backend=CPU,CPU_PLAIN";
        String cache = "cacheType=F32";
        String bf16 = "dtype=BF16";
        String contexts = "contextLength=1024,4096,16384,65536,262144";
        return List.of(
                pass("MatVecBenchmark", cpu),
                pass("MatVecBenchmark", "backend=REFERENCE,CPU_PLAIN", bf16),
                pass("MatMulBenchmark", cpu, bf16, "tokens=16"),
                pass("MatMulBenchmark", cpu, "tokens=256"),
                pass("MatMulBenchmark", "backend=REFERENCE,CPU_PLAIN", bf16, "tokens=16"),
                pass("RmsNormBenchmark", "backend=REFERENCE,CPU"),
                pass("RopeBenchmark", "backend=REFERENCE,CPU"),
                pass("LightningStepBenchmark", "backend=REFERENCE,CPU,CPU_PLAIN"),
                pass("LightningPrefillBenchmark", both, "tokens=256", "chunkSize=64"),
                pass("LightningPrefillBenchmark", reference, "tokens=256"),
                pass("KeyCompressionBenchmark", "backend=REFERENCE,CPU", cache),
                pass("BlockSelectionBenchmark", cpu, cache, contexts, "tokens=1"),
                pass("BlockSelectionBenchmark", cpu, cache, "contextLength=16384,65536", "tokens=256"),
                pass(
                        "BlockSelectionBenchmark",
                        "backend=REFERENCE,CPU_PLAIN",
                        cache,
                        "contextLength=16384",
                        "tokens=1"),
                pass("SparseAttentionBenchmark", cpu, cache, contexts, "tokens=1"),
                pass("SparseAttentionBenchmark", cpu, cache, "contextLength=4096,16384,65536", "tokens=256"),
                pass(
                        "SparseAttentionBenchmark",
                        "backend=REFERENCE,CPU_PLAIN",
                        cache,
                        "contextLength=16384",
                        "tokens=1"),
                pass("DenseAttentionBenchmark", cpu, cache, contexts, "tokens=1"),
                pass("DenseAttentionBenchmark", cpu, cache, "contextLength=4096,16384,65536", "tokens=256"),
                pass(
                        "DenseAttentionBenchmark",
                        "backend=REFERENCE,CPU_PLAIN",
                        cache,
                        "contextLength=16384",
                        "tokens=1"),
                pass("LayerBenchmark", cpu, "mixer=LIGHTNING", "contextLength=4096", "tokens=1,256"),
                pass("LayerBenchmark", cpu, "mixer=SPARSE", "contextLength=4096,65536", "tokens=1,256"),
                pass("DecodeBenchmark", cpu, "contextLength=1024,65536"),
                pass("PrefillBenchmark", cpu, "layers=4", "prefillChunk=64,128,256,512"),
                pass("ParallelRegionBenchmark"),
                pass("TokenizerBenchmark"),
                pass("CheckpointOpenBenchmark"));
    }

    /**
     * What the model does on a GPU: weights in every type that the device has; a token of decode, and a chunk of prefill
     * of as many tokens as the model takes on tensor cores, so that the backends can be compared. What matters most comes
     * first, for who has to stop early.
     */
    private static List<Pass> onDevice(DeviceTraits device) {
        String tornado = "backend=TORNADO";
        String cache = "cacheType=" + device.cacheType();
        String dtypes =
                "dtype=" + device.weightTypes().stream().map(Enum::toString).collect(Collectors.joining(","));
        String contexts = "contextLength=4096,16384,65536,262144,1048576";
        String token = "tokens=1";
        String chunk = "tokens=" + TornadoOptions.TENSOR_PREFILL_CHUNK;
        // The portable kernel takes seconds for dense attention to more.
        String chunkContexts = "contextLength=4096,16384,65536" + (device.tensorAttention() ? ",262144" : "");
        List<Pass> passes = new ArrayList<>(List.of(
                pass("MatVecBenchmark", tornado, dtypes),
                pass("BlockSelectionBenchmark", tornado, cache, contexts, token),
                pass("SparseAttentionBenchmark", tornado, cache, contexts, token),
                pass("DenseAttentionBenchmark", tornado, cache, contexts, token),
                pass("LightningStepBenchmark", tornado),
                pass("MatMulBenchmark", tornado, dtypes, chunk),
                pass("BlockSelectionBenchmark", tornado, cache, chunkContexts, chunk),
                pass("SparseAttentionBenchmark", tornado, cache, chunkContexts, chunk),
                pass("DenseAttentionBenchmark", tornado, cache, chunkContexts, chunk),
                pass("LightningPrefillBenchmark", tornado, chunk),
                pass("RmsNormBenchmark", tornado, token + "," + TornadoOptions.TENSOR_PREFILL_CHUNK),
                pass("RopeBenchmark", tornado, token + "," + TornadoOptions.TENSOR_PREFILL_CHUNK),
                pass("KeyCompressionBenchmark", tornado, cache, "tokens=4096")));
        for (DType dtype : device.weightTypes()) {
            // The types of less than four bytes are what a model has there; of f32 where there is nothing else.
            if (dtype != DType.F32 || device.weightTypes().size() == 1) {
                String type = "dtype=" + dtype;
                passes.add(pass("LayerBenchmark", tornado, type, "mixer=LIGHTNING", "contextLength=4096", token));
                passes.add(pass("LayerBenchmark", tornado, type, "mixer=LIGHTNING", "contextLength=4096", chunk));
                passes.add(pass("LayerBenchmark", tornado, type, "mixer=SPARSE", "contextLength=4096,65536", token));
                passes.add(pass("LayerBenchmark", tornado, type, "mixer=SPARSE", "contextLength=4096,65536", chunk));
                passes.add(pass("DecodeBenchmark", tornado, type, "contextLength=65536"));
                passes.add(pass(
                        "PrefillBenchmark",
                        tornado,
                        type,
                        "promptLength=" + TornadoOptions.TENSOR_PREFILL_CHUNK,
                        "prefillChunk=" + TornadoOptions.TENSOR_PREFILL_CHUNK));
            }
        }
        if (device.tensorAttention()) {
            String portable = "kernels=" + KernelForm.PORTABLE;
            String context = "contextLength=65536";
            passes.add(pass("MatMulBenchmark", tornado, portable, "dtype=F16", chunk));
            passes.add(pass("BlockSelectionBenchmark", tornado, portable, cache, context, chunk));
            passes.add(pass("SparseAttentionBenchmark", tornado, portable, cache, context, chunk));
            passes.add(pass("DenseAttentionBenchmark", tornado, portable, cache, context, chunk));
        }
        return passes;
    }

    /** A pass of parameters written as {@code name=value,value}. */
    private static Pass pass(String benchmark, String... parameters) {
        return new Pass(
                benchmark,
                Arrays.stream(parameters)
                        .map(parameter -> parameter.split("=", 2))
                        .collect(Collectors.toMap(each -> each[0], each -> List.of(each[1].split(",", -1)))));
    }
}
