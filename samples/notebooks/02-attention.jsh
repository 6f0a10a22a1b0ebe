/// # 2. Attention from scratch
///
/// Attention lets a token look at the tokens before it. Each token `i` asks with a *query* vector; every earlier token `j`
/// answers with a *key* and hands over a *value*:
///
/// $$ w_{ij} = \frac{\exp(c\, q_i \cdot k_j)}{\sum_{j' \le i} \exp(c\, q_i \cdot k_{j'})}, \qquad
///    o_i = \sum_{j \le i} w_{ij} v_j, \qquad c = \frac{1}{\sqrt{\mathrm{headDim}}} $$
///
/// We write it in fifteen lines, feed it the embedded model's own queries and keys, and compare with the engine's reference.

import java.util.*;
import java.util.stream.*;
import sala.kernels.reference.*;
import sala.model.LayerWeights.SparseLayerWeights;
import sala.samples.lesson.*;

var tiny = TinyModel.open();
var config = tiny.config();
int headDim = config.headDim();

/// ## One head in fifteen lines
///
/// Weights are positive and sum to 1: a soft choice. The largest score is subtracted first, which changes no weight and keeps
/// `exp` from overflowing. The loop over `j` ends at `i`: that is the *causal mask*.

double dot(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
}
/** Weights of token i over the tokens up to it. */
double[] weights(double[] q, double[][] k, int i, double scale) {
    double[] scores = IntStream.rangeClosed(0, i).mapToDouble(j -> scale * dot(q, k[j])).toArray();
    double max = Arrays.stream(scores).max().getAsDouble();
    double[] exp = Arrays.stream(scores).map(score -> Math.exp(score - max)).toArray();
    double sum = Arrays.stream(exp).sum();
    return Arrays.stream(exp).map(e -> e / sum).toArray();
}
double[] attend(double[] w, double[][] v) {
    double[] out = new double[v[0].length];
    for (int j = 0; j < w.length; j++) {
        for (int c = 0; c < out.length; c++) {
            out[c] += w[j] * v[j][c];
        }
    }
    return out;
}

/// ## Real queries and keys
///
/// Layer 0 of the model is an attention layer. Its input is the embedding, normed; `q`, `k` and `v` are three matrix
/// products of it. There are 6 query heads but only 2 heads of keys and values: three query heads share one, which is
/// *grouped-query attention* (GQA) and makes the cache three times smaller.

String text = "And the king said unto his servants, Go ye, and tell the king of Israel that the servants of the king are come.";
int[] tokens = tiny.tokenizer().encode(text, true);
int T = tokens.length;
var layer = (SparseLayerWeights) tiny.weights().layers().get(0);
Matrix matrix(sala.loader.TensorView t) {
    return Matrix.of(t.toDoubles(), (int) t.shape().dimension(1));
}
double[] hidden = Embedding.lookup(tokens, matrix(tiny.weights().embedding()), config.embeddingScale());
double[] input = RmsNorm.normalize(hidden, layer.inputNorm().toDoubles(), config.rmsNormEps());
double[] q = Linear.project(input, matrix(layer.qProj()));
double[] k = Linear.project(input, matrix(layer.kProj()));
double[] v = Linear.project(input, matrix(layer.vProj()));
System.out.printf("%d tokens: q %d x %d, k and v %d x %d%n", T, config.numHeads(), headDim, config.numKvHeads(), headDim);

/** Head h of a flat array [T, heads, headDim] as rows. */
double[][] head(double[] flat, int heads, int h) {
    return IntStream.range(0, T)
            .mapToObj(t -> Arrays.copyOfRange(flat, (t * heads + h) * headDim, (t * heads + h + 1) * headDim))
            .toArray(double[][]::new);
}

//%%
int h = 1; // try 0 to 5
double[][] qHead = head(q, config.numHeads(), h);
double[][] kHead = head(k, config.numKvHeads(), h / config.groupSize());
double[][] vHead = head(v, config.numKvHeads(), h / config.groupSize());
double[][] map = new double[T][T];
for (int i = 0; i < T; i++) {
    Arrays.fill(map[i], Double.NaN);
    double[] w = weights(qHead[i], kHead, i, config.attentionScale());
    System.arraycopy(w, 0, map[i], 0, w.length);
}
Plots.heatMap("Attention weights, layer 0, head " + h + " (grey: the future)", "looked at", "token", map)

/// Each row sums to 1. These layers know nothing of positions (lesson 6), so equal words get equal weight wherever they are:
/// find the columns of "king" and "servants".

int last = T - 1;
double[] w = weights(qHead[last], kHead, last, config.attentionScale());
IntStream.range(0, w.length).boxed().sorted(Comparator.comparingDouble(j -> -w[j])).limit(6)
        .forEach(j -> System.out.printf("%.3f  position %2d %s%n", w[j], j, tiny.tokenizer().piece(tokens[j])));
Check.that("a row sums to 1", Math.abs(Arrays.stream(w).sum() - 1) < 1e-12);

/// ## The same as the engine
///
/// `sala.kernels.reference.DenseAttention` is the ground truth that every faster kernel of this project is tested against.

var shape = new AttentionShape(config.numHeads(), config.numKvHeads(), headDim, config.attentionScale());
double[] reference = DenseAttention.attend(Arrays.copyOfRange(q, last * shape.queryWidth(), T * shape.queryWidth()), last, k, v, shape);
double[] ours = IntStream.range(0, config.numHeads()).boxed().flatMapToDouble(n -> {
    double[][] keys = head(k, config.numKvHeads(), n / config.groupSize());
    double[][] values = head(v, config.numKvHeads(), n / config.groupSize());
    double[] query = head(q, config.numHeads(), n)[last];
    return Arrays.stream(attend(weights(query, keys, last, config.attentionScale()), values));
}).toArray();
Check.close("six heads from scratch equal DenseAttention", reference, ours, 1e-12);

/// ## The mask is what makes decoding possible
///
/// **Question.** Change the last token's key and value. Which outputs change?

double[] changedK = k.clone();
double[] changedV = v.clone();
for (int c = last * shape.kvWidth(); c < changedK.length; c++) {
    changedK[c] += 1;
    changedV[c] -= 1;
}
int changedRows = 0;
for (int i = 0; i < T; i++) {
    double[] query = Arrays.copyOfRange(q, i * shape.queryWidth(), (i + 1) * shape.queryWidth());
    boolean same = Arrays.equals(DenseAttention.attend(query, i, k, v, shape), DenseAttention.attend(query, i, changedK, changedV, shape));
    changedRows += same ? 0 : 1;
}
Check.equal("only the last token's own output changes", 1, changedRows);

/// So what was computed for earlier tokens stays valid for ever. A model that writes needs only the new token's `q` and the
/// *KV cache*: the keys and values of all tokens before. How large that grows is the next lesson.
///
/// **Try.** Multiply the scale by 10, then by 0.1, and look at the map again: what do the weights turn into? (A hard choice
/// of one token; the plain mean of all.)

double entropy(double[] p) {
    return -Arrays.stream(p).filter(x -> x > 0).map(x -> x * Math.log(x)).sum();
}
for (double factor : new double[] {0, 0.1, 1, 10, 100}) {
    double[] p = weights(qHead[last], kHead, last, factor * config.attentionScale());
    System.out.printf("scale x %5.1f: the last token looks at about %.1f tokens%n", factor, Math.exp(entropy(p)));
}
Check.that("with scale 0 it looks at all of them alike",
        Math.abs(Math.exp(entropy(weights(qHead[last], kHead, last, 0))) - T) < 1e-9);
tiny.close();
