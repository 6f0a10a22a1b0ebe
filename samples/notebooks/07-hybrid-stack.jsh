/// # 7. The hybrid stack
///
/// The layers of MiniCPM-SALA are of two kinds, in a fixed order. Each reads the hidden state, computes, and adds its part, scaled
/// by `residualScale`, back to it. We watch the hidden state on its way up, look through the gates, and ask every layer what it
/// would say.

import java.util.*;
import java.util.stream.*;
import sala.kernels.reference.*;
import sala.loader.*;
import sala.model.*;
import sala.model.LayerWeights.*;
import sala.model.cpu.*;
import sala.samples.lesson.*;

/// ## The layer strip
///
/// `S` is attention (block-sparse when long), `L` is lightning. Attention is dear and exact, lightning cheap and faded. First and
/// last layers attend; the others were chosen by measuring which could be replaced at the least loss.

var released = ModelConfig.released();
System.out.println("MiniCPM-SALA " + released.layerStrip());
Check.equal("a quarter of the layers attends", 4L * released.mixerTypes().stream().filter(MixerType.SPARSE::equals).count(), (long) released.numLayers());
Plots.layerStrip("MiniCPM-SALA", released.mixerTypes())

//%%
var tiny = TinyModel.open();
var config = tiny.config();
Plots.layerStrip("sala-tiny-en, the embedded model", config.mixerTypes())

/// ## The hidden state on its way
///
/// An observer keeps the hidden state of every token behind every layer. Its size grows as each layer adds its part.

int[] tokens = tiny.tokenizer().encode("And it came to pass in those days, that the king said unto his servants,", true);
int T = tokens.length;
double[][][] hidden = new double[config.numLayers() + 1][T][]; // [0] is the embedding
class Keeper implements LayerObserver {
    public boolean observes(Activation activation, int layer, int position) {
        return activation == Activation.EMBEDDING || activation == Activation.LAYER_OUTPUT;
    }
    public void activation(Activation activation, int layer, int position, float[] values) {
        hidden[layer + 1][position] = IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }
}
int nextToken;
try (var pass = new CpuForwardPass(tiny.weights(), CpuOptions.defaults());
        var session = pass.newSession(SessionOptions.ofContextLength(64).withObserver(new Keeper()))) {
    nextToken = pass.prefill(session, tokens).argmax();
}
double rms(double[] x) {
    return Math.sqrt(Arrays.stream(x).map(v -> v * v).average().getAsDouble());
}
double[][] sizes = Arrays.stream(hidden).map(layer -> Arrays.stream(layer).mapToDouble(x -> Math.log(rms(x))).toArray()).toArray(double[][]::new);
Plots.heatMap("Log of the hidden state's size", "token", "behind layer (0: embedding)", sizes)

/// **Question.** How much of a layer's output is new? Compare what it adds with what was there.

double[] share = IntStream.range(0, config.numLayers()).mapToDouble(layer -> IntStream.range(0, T).mapToDouble(t -> {
    double[] before = hidden[layer][t], after = hidden[layer + 1][t];
    return rms(IntStream.range(0, before.length).mapToDouble(i -> after[i] - before[i]).toArray()) / rms(before);
}).average().getAsDouble()).toArray();
List<String> names = IntStream.range(0, config.numLayers()).mapToObj(l -> l + " " + config.mixerTypes().get(l).letter()).toList();
Plots.bars("What a layer adds, relative to what was there", "layer", "share", names, Map.of("mean over tokens", share))

/// ## The gates
///
/// Neither kind of mixer hands its output on as it is: each channel is multiplied by a *gate* between 0 and 1, the sigmoid of a
/// projection of the layer's normed input. `oGate` in attention layers, `zProj` in lightning layers. A closed gate means: nothing
/// of use here for this token.

double[][] gates(int layer) {
    LayerWeights w = tiny.weights().layers().get(layer);
    TensorView gate = switch (w) {
        case SparseLayerWeights s -> s.oGate().orElseThrow();
        case LightningLayerWeights l -> l.zProj().orElseThrow();
    };
    var projection = Matrix.of(gate.toDoubles(), config.hiddenSize());
    return Arrays.stream(hidden[layer]).map(x -> {
        double[] input = RmsNorm.normalize(x, w.inputNorm().toDoubles(), config.rmsNormEps());
        double[] ones = new double[projection.rows()];
        Arrays.fill(ones, 1);
        return OutputGate.apply(ones, Linear.project(input, projection)); // the gate of an output of ones is the gate
    }).toArray(double[][]::new);
}
double[] edges = IntStream.range(0, 20).mapToDouble(b -> 0.05 * b + 0.025).toArray();
double[] histogram(int layer) {
    double[] all = Arrays.stream(gates(layer)).flatMapToDouble(Arrays::stream).toArray();
    return IntStream.range(0, 20).mapToDouble(b -> Arrays.stream(all).filter(g -> (int) Math.min(19, g * 20) == b).count() / (double) all.length).toArray();
}
var histograms = new LinkedHashMap<String, double[]>();
for (int layer : new int[] {0, 1, 3, 7}) {
    histograms.put("layer " + names.get(layer), histogram(layer));
}
Check.that("each histogram counts every gate once", histograms.values().stream().allMatch(h -> Math.abs(Arrays.stream(h).sum() - 1) < 1e-9));
Plots.lines("How far gates are open", "gate", "share of channels", edges, histograms)

/// ## Ask every layer
///
/// The head turns the last hidden state into logits: final norm, scale, matrix product. Nothing keeps us from applying it to the
/// hidden state of *any* layer: the *logit lens*. The answer takes shape on the way up.

var head = Matrix.of(tiny.weights().lmHead().toDoubles(), config.hiddenSize());
double[] lens(double[] x) {
    double[] normed = RmsNorm.normalize(x, tiny.weights().finalNorm().toDoubles(), config.rmsNormEps());
    return Linear.project(Arrays.stream(normed).map(v -> v * config.logitScale()).toArray(), head);
}
List<Integer> best(double[] logits, int count) {
    return IntStream.range(0, logits.length).boxed().sorted(Comparator.comparingDouble(t -> -logits[t])).limit(count).toList();
}
for (int layer = 0; layer <= config.numLayers(); layer++) {
    String behind = layer == 0 ? "embedding" : "layer " + names.get(layer - 1);
    System.out.printf("%-10s %s%n", behind, best(lens(hidden[layer][T - 1]), 5).stream().map(tiny.tokenizer()::piece).toList());
}
Check.equal("behind the last layer it is what the engine says", nextToken, best(lens(hidden[config.numLayers()][T - 1]), 1).get(0));

/// The comma read is followed by many things; only the upper layers see that a speech begins. **Try** another sentence, or another token than the last.

tiny.close();
