/// # 4. Lightning attention
///
/// 24 of the 32 layers of MiniCPM-SALA do without a growing cache. Each head keeps one matrix `S`, the *state*, and for every
/// token lets it fade a little, adds the outer product of key and value, and reads it with the query:
///
/// $$ S_t = \lambda S_{t-1} + k_t v_t^\top, \qquad o_t = c\, q_t^\top S_t, \qquad \lambda = e^{-s} $$
///
/// Written out, token `j` counts with `q_t . k_j` as in attention, but without the softmax, and faded by its distance:
///
/// $$ o_t = c \sum_{j \le t} \lambda^{t-j} (q_t \cdot k_j)\, v_j $$

import java.util.*;
import java.util.stream.*;
import sala.kernels.reference.*;
import sala.loader.ModelConfig;
import sala.model.*;
import sala.model.cpu.*;
import sala.samples.lesson.*;

/// ## Every head has its own memory span
///
/// The decay is not learned: head `h` of `H` has the slope `s = 2^(-8(h+1)/H)`, the same in all layers. Fast heads forget
/// within a word, slow ones remember for hundreds of tokens.

int heads = ModelConfig.released().lightning().numHeads();
double[] slopes = DecaySlopes.of(heads);
double[] distance = IntStream.range(0, 400).asDoubleStream().toArray();
var fading = new LinkedHashMap<String, double[]>();
for (int h : new int[] {0, 7, 15, 23, 27, 31}) {
    fading.put("head " + h, Arrays.stream(distance).map(d -> Math.exp(-slopes[h] * d)).toArray());
}
Plots.lines("What is left of a token", "tokens ago", "share", distance, fading)

//%%
double[] halfLife = Arrays.stream(slopes).map(slope -> Math.log(2) / slope).toArray();
System.out.printf("half-lives: head 0 %.2f tokens, head 15 %.1f, head 31 %.1f%n", halfLife[0], halfLife[15], halfLife[31]);
Plots.heatMap("Share left of a token, by head", "tokens ago, in tens", "head",
        Arrays.stream(slopes).mapToObj(slope -> IntStream.range(0, 60).mapToDouble(d -> Math.exp(-slope * 10 * d)).toArray()).toArray(double[][]::new))

/// ## The recurrence from scratch
///
/// One head of 8 channels, 50 random tokens.

int n = 50, d = 8;
double slope = 0.1, c = 1 / Math.sqrt(d);
var random = new Random(42);
double[] gauss(int size) {
    return IntStream.range(0, size).mapToDouble(i -> random.nextGaussian()).toArray();
}
double[] q = gauss(n * d), k = gauss(n * d), v = gauss(n * d);

double[] recurrent(int length, double[] S) {
    double[] out = new double[length * d];
    for (int t = 0; t < length; t++) {
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                S[i * d + j] = Math.exp(-slope) * S[i * d + j] + k[t * d + i] * v[t * d + j];
                out[t * d + j] += c * q[t * d + i] * S[i * d + j];
            }
        }
    }
    return out;
}
double[] state = new double[d * d];
double[] o = recurrent(n, state);

/// The engine's definition is `LightningAttention.recurrentStep`, one token a call. Ours is the same:

double[] referenceState = new double[d * d];
double[] reference = new double[n * d];
for (int t = 0; t < n; t++) {
    double[] step = LightningAttention.recurrentStep(Arrays.copyOfRange(q, t * d, (t + 1) * d), Arrays.copyOfRange(k, t * d, (t + 1) * d),
            Arrays.copyOfRange(v, t * d, (t + 1) * d), new double[] {slope}, c, referenceState);
    System.arraycopy(step, 0, reference, t * d, d);
}
Check.close("outputs of 50 tokens", reference, o, 1e-12);
Check.close("the state behind them", referenceState, state, 1e-12);

/// And it is the sum written out above:

double[] sum = new double[n * d];
for (int t = 0; t < n; t++) {
    for (int j = 0; j <= t; j++) {
        double qk = 0;
        for (int i = 0; i < d; i++) {
            qk += q[t * d + i] * k[j * d + i];
        }
        for (int i = 0; i < d; i++) {
            sum[t * d + i] += c * Math.exp(-slope * (t - j)) * qk * v[j * d + i];
        }
    }
}
Check.close("recurrence = faded sum", sum, o, 1e-12);

/// ## The chunked form
///
/// The recurrence takes one token after the other, which leaves most of a processor idle. A prompt is known as a whole, so it
/// is cut into *chunks*: inside a chunk the sum is a small matrix product, and between chunks only the state is passed on.
/// Both forms are the same mathematics, whatever the chunk:

for (int chunk : new int[] {1, 7, 16, 50, 64}) {
    double[] S = new double[d * d];
    double[] out = LightningAttention.chunkedPrefill(q, k, v, new double[] {slope}, c, S, chunk);
    Check.close("chunks of %2d: outputs".formatted(chunk), o, out, 1e-12);
    Check.close("chunks of %2d: state".formatted(chunk), state, S, 1e-12);
}

/// **Question.** The last chunk is seldom full: 50 tokens in chunks of 16 leave 2. A program that lets the state fade by the
/// whole chunk's `λ^16` instead of `λ^2` is wrong, and its outputs of *this* prompt do not show it. What does?

double[] S48 = new double[d * d];
recurrent(48, S48);
double[] wrong = new double[d * d];
double[] right = new double[d * d];
for (int i = 0; i < d; i++) {
    for (int j = 0; j < d; j++) {
        double added = Math.exp(-slope) * k[48 * d + i] * v[48 * d + j] + k[49 * d + i] * v[49 * d + j];
        right[i * d + j] = Math.exp(-slope * 2) * S48[i * d + j] + added;
        wrong[i * d + j] = Math.exp(-slope * 16) * S48[i * d + j] + added;
    }
}
double largest(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().getAsDouble();
}
System.out.printf("the state is off by %.2f; entries are about %.2f%n", largest(wrong, state), Math.sqrt(Arrays.stream(state).map(x -> x * x).average().getAsDouble()));
Check.close("faded by the real number of tokens it is right", state, right, 1e-12);
Check.that("faded by the whole chunk it is wrong: the next token will see it", largest(wrong, state) > 0.1);

/// ## The state of a real model
///
/// We let the embedded model read a sentence and look at the state of layer 1: 6 heads of 32 x 32 numbers, which are all that
/// this layer will ever know of the text. Which of its heads still hold much?

int[] tokens;
double[] states;
int lightningHeads, headDim;
try (var tiny = TinyModel.open(); var pass = new CpuForwardPass(tiny.weights(), CpuOptions.defaults());
        var session = pass.newSession(SessionOptions.ofContextLength(256))) {
    tokens = Haystack.text(tiny.tokenizer(), 200);
    pass.prefill(session, tokens);
    lightningHeads = tiny.config().lightning().numHeads();
    headDim = tiny.config().lightning().headDim();
    states = new double[lightningHeads * headDim * headDim];
    if (session.cache(1) instanceof RecurrentState recurrentState) {
        recurrentState.read(states);
    }
}
double[][] rows = IntStream.range(0, headDim)
        .mapToObj(i -> IntStream.range(0, lightningHeads * headDim)
                .mapToDouble(column -> Math.log10(1e-3 + Math.abs(states[((column / headDim) * headDim + i) * headDim + column % headDim])))
                .toArray())
        .toArray(double[][]::new);
Plots.heatMap("Layer 1 after 200 tokens, six heads side by side, log10 of size", "head and value channel", "key channel", rows)

/// **Try.** Change 200 to 20 and to 2000 (and the context length with it). Slow heads fill up, fast ones look the same.

double[] slopesOfSix = DecaySlopes.of(lightningHeads);
System.out.println("slopes of six heads: " + Arrays.stream(slopesOfSix).mapToObj("%.4f"::formatted).toList());
Check.that("six is no power of two: four heads take the slopes of four, two those between them of eight",
        slopesOfSix[3] == DecaySlopes.of(4)[3] && slopesOfSix[4] == DecaySlopes.of(8)[0] && slopesOfSix[5] == DecaySlopes.of(8)[2]);
