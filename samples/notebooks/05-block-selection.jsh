/// # 5. InfLLM-V2: attention to chosen blocks
///
/// The attention layers keep all keys and values, but from some length on a token does not look at all of them. The past is cut
/// into *blocks*; cheap scores tell which blocks may matter; only those are attended to:
///
/// 1. Keys are *compressed*: means over short overlapping windows.
/// 2. The query is compared with the compressed keys, and the three query heads of a group add up what they find.
/// 3. The best window of a block is the *block score*.
/// 4. The first block and the most recent ones are always taken; the best others fill up to the *top k*.
///
/// We hide a sentence in a text and watch its block being found.

import java.util.*;
import java.util.stream.*;
import sala.kernels.reference.*;
import sala.model.*;
import sala.model.LayerWeights.SparseLayerWeights;
import sala.model.cpu.*;
import sala.samples.lesson.*;

var tiny = TinyModel.open();
var config = tiny.config();
var sparse = config.sparse();
System.out.printf("blocks of %d tokens; windows of %d, stride %d; first %d + last %d + current + %d chosen%n",
        sparse.blockSize(), sparse.kernelSize(), sparse.kernelStride(), sparse.initBlocks(), sparse.localBlocks(),
        sparse.effectiveTopK() - sparse.initBlocks() - sparse.localBlocks() - 1);

/// ## A needle in a text of 1500 tokens

var haystack = Haystack.of(tiny.tokenizer(), 1500, 0.35, "48213"); // try another depth or key
int space = tiny.tokenizer().encode("4", false)[0]; // digits are tokens of their own, behind one for the space
int[] tokens = IntStream.concat(Arrays.stream(haystack.tokens()), IntStream.of(space)).toArray();
int last = tokens.length - 1;
int firstNeedleBlock = haystack.needle().from() / sparse.blockSize();
int lastNeedleBlock = (haystack.needle().to() - 1) / sparse.blockSize();
System.out.printf("%d tokens; the needle is at %d to %d, blocks %d to %d%n", tokens.length,
        haystack.needle().from(), haystack.needle().to() - 1, firstNeedleBlock, lastNeedleBlock);
System.out.println("..." + tiny.tokenizer().decode(Arrays.copyOfRange(tokens, tokens.length - 16, tokens.length), true));

/// ## Run the model and listen
///
/// An observer hands out what layer 3, the second attention layer, gets and what it chooses.

int layer = 3;
class Ear implements LayerObserver {
    final Map<Integer, float[]> inputs = new TreeMap<>();
    final Map<Integer, int[]> blocks = new TreeMap<>(); // KV head to the blocks of the last token
    public boolean observes(Activation activation, int atLayer, int position) {
        return activation == Activation.LAYER_OUTPUT && atLayer == layer - 1;
    }
    public void activation(Activation activation, int atLayer, int position, float[] values) {
        inputs.put(position, values);
    }
    public boolean observesBlocks(int atLayer, int position) {
        return atLayer == layer && position == last;
    }
    public void blocks(int atLayer, int kvHead, int position, int[] chosen) {
        blocks.put(kvHead, chosen);
    }
}
var ear = new Ear();
double[] keys = new double[tokens.length * config.kvWidth()];
double[] values = keys.clone();
int nextToken;
try (var pass = new CpuForwardPass(tiny.weights(), CpuOptions.defaults());
        var session = pass.newSession(SessionOptions.ofContextLength(tokens.length).withObserver(ear))) {
    nextToken = pass.prefill(session, tokens).argmax();
    if (session.cache(layer) instanceof KvCache cache) {
        cache.read(0, tokens.length, keys, values);
    }
}
ear.blocks.forEach((kvHead, chosen) -> System.out.printf("KV head %d chose %s%n", kvHead, Arrays.toString(chosen)));
System.out.println("next token: " + tiny.tokenizer().piece(nextToken));

/// ## Compressed keys and scores, step by step
///
/// Fine windows find; coarse windows, four times as wide, stand in for the sum that a softmax divides by. `SelectionRule`
/// knows the sizes, `KeyCompression` and `BlockSelection` are the reference of the two steps.

var rule = new SelectionRule(sparse.kernelSize(), sparse.kernelStride(), sparse.blockSize(), sparse.initBlocks(),
        sparse.localBlocks(), sparse.effectiveTopK());
var shape = new AttentionShape(config.numHeads(), config.numKvHeads(), config.headDim(), config.attentionScale());
double[] fine = KeyCompression.compress(keys, shape.kvWidth(), rule.kernelSize(), rule.kernelStride());
double[] coarse = KeyCompression.compress(keys, shape.kvWidth(), rule.coarseKernelSize(), rule.coarseKernelStride());
int numFine = fine.length / shape.kvWidth();
System.out.printf("%d keys became %d fine and %d coarse ones%n", tokens.length, numFine, coarse.length / shape.kvWidth());
Check.equal("as many as the formula says", KeyCompression.count(tokens.length, rule.kernelSize(), rule.kernelStride()), numFine);

var weights = (SparseLayerWeights) tiny.weights().layers().get(layer);
var qProj = Matrix.of(weights.qProj().toDoubles(), config.hiddenSize());
double[] query(int position) {
    float[] input = ear.inputs.get(position);
    double[] hidden = IntStream.range(0, input.length).mapToDouble(i -> input[i]).toArray();
    return Linear.project(RmsNorm.normalize(hidden, weights.inputNorm().toDoubles(), config.rmsNormEps()), qProj);
}
double[] blockScores(int position, int kvHead) {
    double[] windows = BlockSelection.windowScores(query(position), position, fine, coarse, shape, rule);
    return BlockSelection.blockScores(Arrays.copyOfRange(windows, kvHead * numFine, (kvHead + 1) * numFine),
            rule.numBlocks(tokens.length), rule);
}

/// ## What the needle's block looks like
///
/// The heat map shows the last 40 tokens, top to bottom, and the blocks of the text, left to right. In the upper part the text
/// runs on; then the question is asked, and blocks light up: its own, which are near and taken anyway, and the needle's.

int kvHead = IntStream.range(0, config.numKvHeads()).boxed()
        .max(Comparator.comparingDouble(g -> IntStream.rangeClosed(firstNeedleBlock, lastNeedleBlock).mapToDouble(b -> blockScores(last, g)[b]).max().getAsDouble()))
        .get();
double[][] map = IntStream.rangeClosed(last - 39, last)
        .mapToObj(position -> Arrays.stream(blockScores(position, kvHead)).map(score -> Math.log10(Math.max(1e-3, score))).toArray())
        .toArray(double[][]::new);
Plots.heatMap("log10 of the block scores, KV head " + kvHead, "block", "last 40 tokens", map)

//%%
double[] scores = blockScores(last, kvHead);
List<Integer> ranking = IntStream.range(0, scores.length).boxed().filter(b -> !rule.isForced(b, last / rule.blockSize())).sorted(Comparator.comparingDouble(b -> -scores[b])).toList();
System.out.printf("best of the blocks that are not taken anyway: %s%n", ranking.subList(0, 5));
for (int block : ranking.subList(0, 3)) {
    int from = block * rule.blockSize();
    System.out.printf("%.0f  block %2d: %s%n", scores[block], block,
            tiny.tokenizer().decode(Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + rule.blockSize())), true));
}
Check.that("the best of them holds a part of the needle", ranking.get(0) >= firstNeedleBlock && ranking.get(0) <= lastNeedleBlock);

/// A score is no probability: it is divided by the sum over *coarse* keys, whose wider means hide the needle, so a fine key that fits
/// far better than every coarse one may get thousands. Only the order of the scores counts.
///
/// ## The choice
///
/// Scores are compared in bf16, 8 significant bits, as the released code does. Our scores are of double precision and the
/// engine's of float, so blocks that are as good as equal may change places; every other block must be the same.

for (int g = 0; g < config.numKvHeads(); g++) {
    double[] s = blockScores(last, g);
    Set<Integer> ours = Arrays.stream(BlockSelection.select(s, last, rule)).boxed().collect(Collectors.toCollection(TreeSet::new));
    Set<Integer> engine = Arrays.stream(ear.blocks.get(g)).boxed().collect(Collectors.toCollection(TreeSet::new));
    Check.equal("KV head %d: %d blocks".formatted(g, ours.size()), ours.size(), engine.size());
    double cut = engine.stream().filter(b -> !rule.isForced(b, last / rule.blockSize())).mapToDouble(b -> s[b]).min().getAsDouble();
    Check.that("KV head %d: what only one of the two chose is within a bf16 step of the cut".formatted(g),
            Stream.concat(ours.stream(), engine.stream()).filter(b -> !ours.contains(b) || !engine.contains(b))
                    .allMatch(b -> Math.abs(s[b] - cut) <= cut / 128));
}
Check.that("a block of the needle is among the chosen ones",
        IntStream.rangeClosed(firstNeedleBlock, lastNeedleBlock).anyMatch(b -> Arrays.stream(ear.blocks.get(kvHead)).anyMatch(x -> x == b)));
Check.equal("and the model begins to read the key out", "4", tiny.tokenizer().decode(new int[] {nextToken}, true).strip());

/// ## What is lost
///
/// **Question.** Compare sparse attention of the last token with dense attention over everything. How far are they apart, and
/// what if every block may be chosen?

double[] lastQuery = query(last);
double[] dense = DenseAttention.attend(lastQuery, last, keys, values, shape);
double distance(int topK) {
    var wider = new SelectionRule(rule.kernelSize(), rule.kernelStride(), rule.blockSize(), rule.initBlocks(), rule.localBlocks(), topK);
    int[][] blocks = IntStream.range(0, config.numKvHeads())
            .mapToObj(g -> BlockSelection.select(blockScores(last, g), last, wider)).toArray(int[][]::new);
    double[] out = SparseAttention.attend(lastQuery, last, keys, values, blocks, rule.blockSize(), shape);
    double difference = IntStream.range(0, out.length).mapToDouble(i -> (out[i] - dense[i]) * (out[i] - dense[i])).sum();
    return Math.sqrt(difference / Arrays.stream(dense).map(x -> x * x).sum());
}
double[] topKs = {8, 12, 16, 24, 32, 48, 64, 80, 94};
double[] distances = Arrays.stream(topKs).map(topK -> distance((int) topK)).toArray();
Check.that("with all blocks chosen nothing is lost", distance(rule.numBlocks(tokens.length)) < 1e-12);
Plots.lines("Sparse against dense attention, last token", "blocks attended to", "relative difference", topKs, Map.of("layer 3", distances))

/// **Try.** Move the needle (`depth`), or ask at a length of 6000. The number of blocks attended to stays at 16.

tiny.close();
