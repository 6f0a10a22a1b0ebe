/// # 12. Measure: the roofline of this machine
///
/// A program is slow for one of two reasons: it waits for memory, or it computes as fast as the machine can. The *roofline* tells
/// which. A machine reads at most `B` bytes a second and does at most `P` floating-point operations a second. A computation that
/// does `I` operations a byte read (its *arithmetic intensity*) reaches at most
///
/// $$ \min(P,\; I \cdot B) $$
///
/// Decoding uses every weight once a token: 2 operations for 2 bytes of bf16, intensity 1. Prefill uses a weight for a whole chunk
/// of tokens. That is why a prompt is read fast and an answer written slowly, on every machine.

import java.util.*;
import java.util.stream.*;
import sala.loader.*;
import sala.model.*;
import sala.model.cpu.*;
import sala.samples.lesson.*;

/// ## The two limits, measured
///
/// `MachineLimits` reads half a gigabyte and does multiply-adds on registers, on all cores. It takes about a second. Your figures
/// will differ, and on a shared machine from minute to minute.

int threads = Runtime.getRuntime().availableProcessors();

//%% varies
var limits = MachineLimits.measure(threads);
System.out.printf("%d threads read %.1f GB/s and compute %.1f GFLOP/s%n", threads, limits.readBytesPerSecond() / 1e9, limits.flopsPerSecond() / 1e9);
double ridge = limits.flopsPerSecond() / limits.readBytesPerSecond();
System.out.printf("from %.1f operations a byte on, arithmetic is the limit%n", ridge);

//%%
double attainable(double intensity) {
    return Math.min(limits.flopsPerSecond(), intensity * limits.readBytesPerSecond());
}
Check.that("the two limits meet at the ridge", Math.abs(attainable(ridge) / limits.flopsPerSecond() - 1) < 1e-12);
Check.that("left of it, half the intensity is half the speed", Math.abs(attainable(ridge / 2) / attainable(ridge / 4) - 2) < 1e-12);
Check.that("right of it, nothing is gained", attainable(4 * ridge) == attainable(2 * ridge));

/// ## The engine under the roof
///
/// The embedded model is 9 MB and fits into a processor's cache, so memory would not show. We make weights of our own: the first
/// two layers of the 1-billion shape, with a vocabulary of 8192, filled from a seed. That is about 260 MB in bf16.

ModelConfig narrow(ModelConfig c, int vocabSize) {
    return new ModelConfig(vocabSize, c.hiddenSize(), c.intermediateSize(), c.mixerTypes(), c.numHeads(), c.numKvHeads(), c.headDim(),
            c.sparseUseRope(), c.sparseUseOutputGate(), c.sparse(), c.lightning(), c.ropeTheta(), c.rmsNormEps(), c.embeddingScale(),
            c.scaleDepth(), c.dimModelBase(), c.tiedEmbeddings(), c.maxPositionEmbeddings(), c.bosTokenId(), List.of(2), c.padTokenId(),
            c.torchDtype(), c.carried());
}
var config = narrow(ModelShape.ONE_B.config(2), 8192);
double layerWeights = MemoryPlan.parameterCount(config) - 2.0 * config.vocabSize() * config.hiddenSize();
double headWeights = (double) config.vocabSize() * config.hiddenSize();
System.out.printf("%s: %,.0f weights in the layers, %,.0f in the head%n", config.layerStrip(), layerWeights, headWeights);

/** Floating-point operations a second of calls with this many tokens each; decoding where it is 1. */
double flopsPerSecond(ForwardPass pass, int tokens) {
    int[] prompt = IntStream.range(0, tokens).map(i -> 3 + i % 1000).toArray();
    double best = 0;
    for (int run = 0; run < 2; run++) {
        try (var session = pass.newSession(SessionOptions.ofContextLength(1024))) {
            int calls = Math.max(1, 16 / tokens);
            long start = System.nanoTime();
            for (int call = 0; call < calls; call++) {
                pass.prefill(session, prompt);
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            best = Math.max(best, calls * 2 * (layerWeights * tokens + headWeights) / seconds);
        }
    }
    return best;
}
/** Operations a byte: the head is read once a call and used once. */
double intensity(int tokens) {
    return 2 * (layerWeights * tokens + headWeights) / (2 * (layerWeights + headWeights));
}
Check.equal("decoding has intensity 1", 1.0, intensity(1));

//%% varies
int[] batches = {1, 4, 16, 64, 256};
double[] achieved;
try (var arena = java.lang.foreign.Arena.ofShared();
        var pass = new CpuForwardPass(ModelWeights.random(config, DType.BF16, 42, arena), CpuOptions.defaults().withPlainMultiplyAdds(0))) {
    flopsPerSecond(pass, 16); // the JVM compiles what it sees often
    achieved = Arrays.stream(batches).mapToDouble(tokens -> flopsPerSecond(pass, tokens)).toArray();
}
for (int i = 0; i < batches.length; i++) {
    double roof = attainable(intensity(batches[i]));
    System.out.printf("%4d tokens a call: intensity %5.1f, %6.1f of %6.1f GFLOP/s, %3.0f %%%n", batches[i], intensity(batches[i]),
            achieved[i] / 1e9, roof / 1e9, 100 * achieved[i] / roof);
}

//%% varies
double[] intensities = Arrays.stream(batches).mapToDouble(tokens -> intensity(tokens)).toArray();
var lines = new LinkedHashMap<String, double[]>();
lines.put("roof", Arrays.stream(intensities).map(I -> attainable(I) / 1e9).toArray());
lines.put("memory alone", Arrays.stream(intensities).map(I -> I * limits.readBytesPerSecond() / 1e9).toArray());
lines.put("the engine", Arrays.stream(achieved).map(f -> f / 1e9).toArray());
Plots.logLog("Roofline of this machine", "operations a byte", "GFLOP/s", intensities, lines)

/// ## A prediction
///
/// **Question.** The released model has 9.48 billion weights; a decoded token reads all but the embedding table. How many tokens a
/// second can this machine decode at the very best, in bf16?

double decodeBytes(ModelConfig c) {
    return 2.0 * (MemoryPlan.parameterCount(c) - (double) c.vocabSize() * c.hiddenSize());
}
Check.equal("18.35 GB a token", "18.35", "%.2f".formatted(decodeBytes(ModelConfig.released()) / 1e9));

//%% varies
System.out.printf("at most %.2f tokens a second%n", limits.readBytesPerSecond() / decodeBytes(ModelConfig.released()));

/// A graphics card with 1,800 GB/s does at most 98, by the same division. **Try** `./sala bench --shape 1b`, which prints the share of
/// the roof that the whole engine reaches.
