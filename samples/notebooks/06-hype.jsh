/// # 6. HyPE: who knows positions, and who does not
///
/// Attention alone does not know in which order tokens came. Most models turn queries and keys by an angle that grows with the
/// position: *RoPE*. MiniCPM-SALA mixes both kinds: its lightning layers rotate, its attention layers do not (*NoPE*). The report
/// calls that *HyPE*, a hybrid positional encoding, and credits it with contexts four times longer than trained on.
///
/// We look at the rotation, at what happens without it, and at the embedded model beyond the length it was trained on.

import java.nio.file.*;
import java.util.*;
import java.util.stream.*;
import sala.kernels.reference.*;
import sala.loader.*;
import sala.model.*;
import sala.model.cpu.*;
import sala.model.generate.*;
import sala.samples.lesson.*;

/// ## The rotation
///
/// Channel `j` and channel `j + headDim/2` are the two coordinates of a point that turns by `p ropeTheta^(-2j/headDim)` at
/// position `p`: the first pair turns a radian a token, the last one needs thousands of tokens.

int headDim = 32;
double theta = 10_000;
int[] positions = IntStream.range(0, 160).toArray();
double[] angles = Rope.angles(positions, headDim, theta);
double[][] turning = IntStream.range(0, headDim / 2)
        .mapToObj(j -> Arrays.stream(positions).mapToDouble(p -> Math.cos(angles[p * headDim / 2 + j])).toArray())
        .toArray(double[][]::new);
Plots.heatMap("Cosine of the angle", "position", "pair of channels", turning)

/// What counts for attention is `q . k`, and there only the *difference* of the two positions is left: that is the point of
/// rotating.

var random = new Random(42);
double[] q = IntStream.range(0, headDim).mapToDouble(i -> random.nextGaussian()).toArray();
double[] k = IntStream.range(0, headDim).mapToDouble(i -> random.nextGaussian()).toArray();
double score(int queryPosition, int keyPosition) {
    double[] turnedQ = Rope.rotate(q, Rope.angles(new int[] {queryPosition}, headDim, theta), headDim);
    double[] turnedK = Rope.rotate(k, Rope.angles(new int[] {keyPosition}, headDim, theta), headDim);
    return IntStream.range(0, headDim).mapToDouble(i -> turnedQ[i] * turnedK[i]).sum();
}
Check.close("5 tokens apart is 5 tokens apart, wherever it is", new double[] {score(5, 0), score(5, 0)},
        new double[] {score(105, 100), score(1005, 1000)}, 1e-3);
double[] apart = IntStream.range(0, 300).asDoubleStream().toArray();
Plots.lines("q . k of the same two vectors, by distance", "tokens apart", "score", apart,
        Map.of("with RoPE", Arrays.stream(apart).map(d -> score((int) d, 0)).toArray(),
                "without", Arrays.stream(apart).map(d -> IntStream.range(0, headDim).mapToDouble(i -> q[i] * k[i]).sum()).toArray()))

/// ## Without it, order is lost
///
/// **Question.** Shuffle the keys and values that a token attends to. What happens to its output, without and with RoPE?

int T = 20;
var one = new AttentionShape(1, 1, headDim, 1 / Math.sqrt(headDim));
double[] keys = IntStream.range(0, T * headDim).mapToDouble(i -> random.nextGaussian()).toArray();
double[] values = IntStream.range(0, T * headDim).mapToDouble(i -> random.nextGaussian()).toArray();
List<Integer> order = new ArrayList<>(IntStream.range(0, T).boxed().toList());
Collections.shuffle(order, random);
double[] shuffled(double[] rows) {
    double[] out = new double[rows.length];
    for (int t = 0; t < T; t++) {
        System.arraycopy(rows, order.get(t) * headDim, out, t * headDim, headDim);
    }
    return out;
}
double[] turned(double[] rows) {
    return Rope.rotate(rows, Rope.angles(IntStream.range(0, T).toArray(), headDim, theta), headDim);
}
double[] plain = DenseAttention.attend(q, T - 1, keys, values, one);
Check.close("NoPE: the same output, whatever the order", plain, DenseAttention.attend(q, T - 1, shuffled(keys), shuffled(values), one), 1e-12);
double[] rotated = DenseAttention.attend(q, T - 1, turned(keys), values, one);
double[] rotatedShuffled = DenseAttention.attend(q, T - 1, turned(shuffled(keys)), shuffled(values), one);
Check.that("RoPE: another output", IntStream.range(0, headDim).anyMatch(i -> Math.abs(rotated[i] - rotatedShuffled[i]) > 1e-3));

/// So where does a NoPE layer get order from? From the layers around it: lightning layers fade with distance and rotate, and
/// what they write into the hidden state carries it along.
///
/// ## Take it away
///
/// `config.json` says which layers rotate. We open the embedded model under three configurations and measure its *loss*: the mean
/// of `-log p` of the token that really came next. Lower is better; a guess at random among 2048 tokens has 7.6.

var tiny = TinyModel.open();
double[] losses(ModelConfig config, int[] tokens) {
    double[] losses = new double[tokens.length - 1];
    var observer = new LayerObserver() {
        public boolean observes(Activation activation, int layer, int position) {
            return activation == Activation.LOGITS && position < losses.length;
        }
        public void activation(Activation activation, int layer, int position, float[] logits) {
            double max = Float.NEGATIVE_INFINITY, sum = 0;
            for (float l : logits) {
                max = Math.max(max, l);
            }
            for (float l : logits) {
                sum += Math.exp(l - max);
            }
            losses[position] = Math.log(sum) + max - logits[tokens[position + 1]];
        }
    };
    var w = tiny.weights();
    var weights = new ModelWeights(config, w.embedding(), w.layers(), w.finalNorm(), w.lmHead());
    try (var pass = new CpuForwardPass(weights, CpuOptions.defaults());
            var session = pass.newSession(SessionOptions.ofContextLength(tokens.length).withObserver(observer))) {
        pass.prefill(session, tokens);
    }
    return losses;
}
double mean(double[] x, int from, int to) {
    return Arrays.stream(x, from, to).average().getAsDouble();
}
/** The configuration with two switches set, as an edited config.json would have them. */
ModelConfig edited(boolean sparseRope, boolean lightningRope) throws Exception {
    String text = Files.readString(tiny.checkpoint().directory().resolve("config.json"))
            .replace("\"attn_use_rope\": false", "\"attn_use_rope\": " + sparseRope)
            .replace("\"lightning_use_rope\": true", "\"lightning_use_rope\": " + lightningRope);
    Path folder = Files.createTempDirectory("lesson");
    Files.writeString(folder.resolve("config.json"), text);
    try {
        return Checkpoint.readConfig(folder);
    } finally {
        Files.delete(folder.resolve("config.json"));
        Files.delete(folder);
    }
}
int[] text = Haystack.text(tiny.tokenizer(), 768);
double asTrained = mean(losses(edited(false, true), text), 0, text.length - 1);
double everywhere = mean(losses(edited(true, true), text), 0, text.length - 1);
double nowhere = mean(losses(edited(false, false), text), 0, text.length - 1);
System.out.printf("as trained %.1f, RoPE in attention layers too %.1f, RoPE nowhere %.1f%n", asTrained, everywhere, nowhere);
Check.that("without RoPE in its lightning layers the model is much worse", nowhere > asTrained + 0.3);

/// Turning queries and keys of the attention layers, which were never trained for it, hardly shows in the loss: running text is
/// guessed from the words just before, which the lightning layers bring. **Question.** What are the attention layers good for,
/// then? Ask for something far away, such as the pass key of lesson 5.

String passKey(ModelConfig config, Haystack haystack) {
    var w = tiny.weights();
    var weights = new ModelWeights(config, w.embedding(), w.layers(), w.finalNorm(), w.lmHead());
    try (var pass = new CpuForwardPass(weights, CpuOptions.defaults());
            var session = pass.newSession(SessionOptions.ofContextLength(2048))) {
        var options = GenerationOptions.builder().maxTokens(7).build();
        return new Generator(pass, Optional.of(tiny.tokenizer())).generate(session, haystack.tokens(), options).text().strip();
    }
}
var haystack = Haystack.of(tiny.tokenizer(), 1500, 0.35, "48213");
String found = passKey(edited(false, true), haystack);
String foundWithRope = passKey(edited(true, true), haystack);
System.out.printf("as trained: '%s'; with RoPE in the attention layers: '%s'%n", found, foundWithRope);
Check.that("as trained the key is found", found.startsWith("48213"));
Check.that("with keys turned by their positions it is not", !foundWithRope.startsWith("48213"));

/// That shows which parts this model relies on; it does not show that HyPE is the better way to train one. What does HyPE promise?
///
/// ## Beyond the training length
///
/// Running text was at most 2048 tokens long in training, and no sample longer than 4096. Does the loss rise where positions are
/// new?

int[] longText = Haystack.text(tiny.tokenizer(), 6144);
double[] loss = losses(tiny.config(), longText);
int bucket = 512;
double[] at = IntStream.range(0, 12).mapToDouble(b -> b * bucket + bucket / 2).toArray();
double[] bucketLoss = IntStream.range(0, 12).mapToDouble(b -> mean(loss, b * bucket, Math.min(loss.length, (b + 1) * bucket))).toArray();
double trained = mean(loss, 0, 2048), beyond = mean(loss, 4096, loss.length);
System.out.printf("loss within 2048 tokens %.1f, from 4096 on %.1f%n", trained, beyond);
Check.that("it does not break: beyond the training length the loss is within 10 % of that within", beyond < 1.1 * trained);
Plots.lines("Loss by position (training: up to 2048, samples to 4096)", "position", "loss", at, Map.of("sala-tiny-en", bucketLoss))

/// Parts of the text are easier than others, so the line is uneven; what counts is that it does not climb. **Try** the same with
/// `edited(true, true)`.

tiny.close();
