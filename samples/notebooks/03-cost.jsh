/// # 3. Why long context is slow
///
/// Softmax attention compares every token with every earlier one. This lesson counts what that costs, in arithmetic and in
/// memory, for the released model of 9 billion parameters, and then measures it on the embedded one.

import java.util.*;
import java.util.stream.*;
import sala.loader.*;
import sala.model.*;
import sala.model.cpu.*;
import sala.samples.lesson.*;

var released = ModelConfig.released();
double[] lengths = IntStream.rangeClosed(10, 20).mapToDouble(e -> 1 << e).toArray(); // 1K to 1M tokens

/// ## Memory
///
/// A token leaves a key and a value in every attention layer: `2 x numKvHeads x headDim` numbers. A *lightning* layer (the
/// next lesson) keeps a matrix of fixed size instead. MiniCPM-SALA has 8 attention layers and 24 lightning layers. The engine
/// plans memory before it loads anything; we ask it.

MemoryPlan plan(double length) {
    return MemoryPlan.of(released, (int) length, CacheFormat.BF16);
}
double gib = 1L << 30;
double[] hybrid = Arrays.stream(lengths).map(length -> plan(length).cacheBytes() / gib).toArray();
double[] allAttention = Arrays.stream(lengths)
        .map(length -> plan(length).kvBytes() / gib * released.numLayers() / released.mixerTypes().stream().filter(MixerType.SPARSE::equals).count())
        .toArray();
double[] stateAlone = Arrays.stream(lengths).map(length -> plan(length).stateBytes() / gib).toArray();
var memory = new LinkedHashMap<String, double[]>();
memory.put("32 attention layers", allAttention);
memory.put("as released: 8 + 24", hybrid);
memory.put("the 24 states alone", stateAlone);
Plots.logLog("What one conversation keeps", "tokens", "GiB", lengths, memory)

//%%
long perToken = plan(2048).kvBytes() / 2048;
System.out.printf("keys and values: %,d bytes a token; all states together: %,d bytes%n", perToken, plan(1).stateBytes());
Check.equal("8 layers x 2 x 2 heads x 128 x 2 bytes", 8L * 2 * 2 * 128 * 2, perToken);
Check.equal("twice the tokens, twice the keys and values", 2 * plan(4096).kvBytes(), plan(8192).kvBytes());
Check.equal("but the same states", plan(4096).stateBytes(), plan(8192).stateBytes());

/// ## Arithmetic
///
/// Multiply-adds of one new token in one layer, at `L` tokens of context:
///
/// | layer | scores | values | sum |
/// |---|---|---|---|
/// | dense attention | heads x headDim x L | the same | grows with L |
/// | block-sparse attention | heads x headDim x (L/16 + L/64) to choose blocks, then at most 96 x 64 tokens | at most 6144 tokens | grows, but 25 times slower |
/// | lightning | heads x headDim x headDim | twice that for the state | constant |
///
/// Sparse attention is used from 8192 tokens on; below it would save nothing.

double width = released.numHeads() * released.headDim();
var sparse = released.sparse();
double dense(double L) {
    return 2 * width * L;
}
double blockSparse(double L) {
    double attended = Math.min(L, (double) sparse.effectiveTopK() * sparse.blockSize());
    return L < sparse.denseLength() ? dense(L) : width * (L / sparse.kernelStride() + L / sparse.coarseKernelStride()) + 2 * width * attended;
}
double lightning(double L) {
    return 3 * width * released.lightning().headDim();
}
var cost = new LinkedHashMap<String, double[]>();
cost.put("dense", Arrays.stream(lengths).map(L -> dense(L)).toArray());
cost.put("block-sparse", Arrays.stream(lengths).map(L -> blockSparse(L)).toArray());
cost.put("lightning", Arrays.stream(lengths).map(L -> lightning(L)).toArray());
Plots.logLog("Multiply-adds of one layer for one new token", "tokens of context", "multiply-adds", lengths, cost)

/// **Question.** The matrices of a layer cost about 285 million multiply-adds a token, whatever the length. From which length
/// on does *dense* attention cost more than that? And block-sparse attention?

double matrices = 285e6;
double denseCrossing = matrices / (2 * width);
double sparseCrossing = (matrices - 2 * width * sparse.effectiveTopK() * sparse.blockSize())
        / (width * (1.0 / sparse.kernelStride() + 1.0 / sparse.coarseKernelStride()));
System.out.printf("dense: from %,.0f tokens on; block-sparse: from %,.0f%n", denseCrossing, sparseCrossing);
Check.that("at that length both formulas give the cost of the matrices",
        Math.abs(dense(denseCrossing) - matrices) < 1 && Math.abs(blockSparse(sparseCrossing) - matrices) < 1);

/// ## Measured
///
/// The embedded model has 2 attention layers of 8 and attends to at most 256 tokens when sparse. We let it read a text and
/// take the median time of a decoded token. Its matrices are small, so attention shows early. Your figures will differ.

int[] text;
try (var tiny = TinyModel.open()) {
    text = Haystack.text(tiny.tokenizer(), 8192);
}
/** Median microseconds of a decoded token at growing lengths of one text. */
double[] microsPerToken(ForwardPass pass, int[] lengths, AttentionMode mode) {
    try (var session = pass.newSession(SessionOptions.ofContextLength(8192 + 512).withAttentionMode(mode))) {
        return Arrays.stream(lengths).mapToDouble(length -> {
            pass.prefill(session, Arrays.copyOfRange(text, session.position(), length));
            double[] micros = new double[31];
            for (int i = 0; i < micros.length; i++) {
                long start = System.nanoTime();
                pass.decode(session, text[i]);
                micros[i] = (System.nanoTime() - start) / 1e3;
            }
            Arrays.sort(micros);
            return micros[micros.length / 2];
        }).toArray();
    }
}

//%% varies
int[] measuredLengths = {512, 1024, 2048, 4096, 8192};
var measured = new LinkedHashMap<String, double[]>();
try (var tiny = TinyModel.open();
        var pass = new CpuForwardPass(tiny.weights(), CpuOptions.defaults().withPlainMultiplyAdds(0))) {
    microsPerToken(pass, new int[] {512}, AttentionMode.ALWAYS_DENSE); // the JVM compiles what it sees often
    microsPerToken(pass, new int[] {512}, AttentionMode.ALWAYS_SPARSE);
    for (var mode : List.of(AttentionMode.ALWAYS_DENSE, AttentionMode.ALWAYS_SPARSE)) {
        double[] micros = microsPerToken(pass, measuredLengths, mode);
        System.out.printf("%-13s %s microseconds%n", mode, Arrays.stream(micros).mapToObj("%.0f"::formatted).toList());
        measured.put(mode.toString(), micros);
    }
}
Plots.lines("One decoded token of the embedded model", "tokens of context", "microseconds", Arrays.stream(measuredLengths).asDoubleStream().toArray(), measured)

/// **Try.** Add `AttentionMode.BY_LENGTH`, which is how the model is meant to run. Where does its line part from the dense
/// one? (`tiny.config().sparse().denseLength()` tells.)

Check.equal("dense up to the dense length, sparse from there on", List.of(false, true),
        List.of(AttentionMode.BY_LENGTH.isSparse(511, 512), AttentionMode.BY_LENGTH.isSparse(512, 512)));
