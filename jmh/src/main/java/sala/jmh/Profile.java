package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

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
    record Pass(String benchmark, Map<String, List<String>> parameters) {}

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
     * @param hasDevice whether TornadoVM has a device that is not the interpreter
     */
    List<Pass> passes(boolean hasDevice) {
        List<Pass> passes = new ArrayList<>(
                switch (this) {
                    case QUICK -> quick("backend=REFERENCE,CPU", "dtype=BF16", "16");
                    case FULL -> full();
                    case DEVICE -> List.of();
                });
        if (hasDevice) {
            passes.addAll(
                    switch (this) {
                        case QUICK ->
                            quick("backend=TORNADO", "dtype=F32", "16").subList(0, QUICK_OPERATIONS);
                        case FULL, DEVICE -> onDevice();
                    });
        }
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

    /** The types of a large GPU: 16-bit weights and caches. What a backend cannot is refused by the benchmark and left out. */
    private static List<Pass> onDevice() {
        String tornado = "backend=TORNADO";
        String cache = "cacheType=F16";
        String half = "dtype=BF16,F16";
        String contexts = "contextLength=1024,4096,16384,65536,262144,1048576";
        return List.of(
                pass("MatVecBenchmark", tornado),
                pass("MatMulBenchmark", tornado, "tokens=256,4096"),
                pass("RmsNormBenchmark", tornado, "tokens=1,2048"),
                pass("RopeBenchmark", tornado, "tokens=1,2048"),
                pass("LightningStepBenchmark", tornado),
                pass("LightningPrefillBenchmark", tornado, "tokens=2048"),
                pass("KeyCompressionBenchmark", tornado, cache),
                pass("BlockSelectionBenchmark", tornado, cache, contexts, "tokens=1"),
                pass("BlockSelectionBenchmark", tornado, cache, "contextLength=16384,65536,262144", "tokens=256"),
                pass("SparseAttentionBenchmark", tornado, cache, contexts, "tokens=1"),
                pass("SparseAttentionBenchmark", tornado, cache, "contextLength=16384,65536,262144", "tokens=256"),
                pass("DenseAttentionBenchmark", tornado, cache, contexts, "tokens=1"),
                pass("DenseAttentionBenchmark", tornado, cache, "contextLength=16384,65536,262144", "tokens=256"),
                pass("LayerBenchmark", tornado, half),
                pass("DecodeBenchmark", tornado, half, "contextLength=1024,65536"),
                pass("PrefillBenchmark", tornado, half, "prefillChunk=256,1024"));
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
