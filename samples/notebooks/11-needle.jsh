/// # 11. Needle in a haystack
///
/// Can the model use what stood thousands of tokens ago? The usual test hides one sentence in a long text and asks for it at the
/// end. We hide a pass key at several depths and lengths, and answer once with dense and once with block-sparse attention.
///
/// The embedded model has two attention layers. Sparse, they look at 16 blocks of 16 tokens: 256 tokens, whatever the length. Its
/// training samples were at most 4096 tokens long.

import java.util.*;
import java.util.stream.*;
import sala.model.*;
import sala.model.cpu.*;
import sala.model.generate.*;
import sala.samples.lesson.*;

var tiny = TinyModel.open();
var pass = new CpuForwardPass(tiny.weights(), CpuOptions.defaults());

int[] lengths = {1024, 2048, 4096, 8192}; // add 16384 and 32768 if you have some minutes
double[] depths = {0.1, 0.5, 0.9};
String key = "73914";

/// ## Ask
///
/// Greedy, because a random draw would measure luck.

record Answer(String text, double seconds) {}

Answer ask(Haystack haystack, AttentionMode mode) {
    int[] prompt = haystack.tokens();
    long start = System.nanoTime();
    try (var session = pass.newSession(SessionOptions.ofContextLength(prompt.length + 16).withAttentionMode(mode))) {
        var options = GenerationOptions.builder().maxTokens(8).build();
        String text = new Generator(pass, Optional.of(tiny.tokenizer())).generate(session, prompt, options).text();
        return new Answer(text, (System.nanoTime() - start) * 1e-9);
    }
}
var example = Haystack.of(tiny.tokenizer(), 1024, 0.5, key);
System.out.println("asked: ..." + tiny.tokenizer().decode(Arrays.copyOfRange(example.tokens(), example.tokens().length - 12, example.tokens().length), true));
System.out.println("answer: " + ask(example, AttentionMode.ALWAYS_SPARSE).text().strip().split("\n")[0]);

/// ## The grid

var modes = List.of(AttentionMode.ALWAYS_DENSE, AttentionMode.ALWAYS_SPARSE);
var found = new LinkedHashMap<AttentionMode, double[][]>();
var seconds = new LinkedHashMap<String, double[]>();
for (var mode : modes) {
    double[][] hits = new double[lengths.length][depths.length];
    double[] total = new double[lengths.length];
    for (int l = 0; l < lengths.length; l++) {
        for (int d = 0; d < depths.length; d++) {
            if (lengths[l] > 2048 && d != 1) {
                hits[l][d] = Double.NaN; // one depth is enough where it takes long
                continue;
            }
            Answer answer = ask(Haystack.of(tiny.tokenizer(), lengths[l], depths[d], key), mode);
            hits[l][d] = answer.text().contains(key) ? 1 : 0;
            total[l] += answer.seconds();
        }
        int asked = (int) Arrays.stream(hits[l]).filter(hit -> !Double.isNaN(hit)).count();
        System.out.printf("%-13s %5d tokens: %.0f of %d found%n", mode, lengths[l], Arrays.stream(hits[l]).filter(hit -> hit == 1).sum(), asked);
        total[l] /= asked;
    }
    found.put(mode, hits);
    seconds.put(mode.toString(), total);
}
for (var mode : modes) {
    Check.that(mode + ": every key is found", Arrays.stream(found.get(mode)).flatMapToDouble(Arrays::stream).allMatch(hit -> Double.isNaN(hit) || hit == 1));
}

//%%
Plots.heatMap("Found with sparse attention (dark would be a miss, grey was not asked)", "depth", "length",
        Arrays.stream(found.get(AttentionMode.ALWAYS_SPARSE)).map(row -> Arrays.stream(row).map(hit -> 1 - hit).toArray()).toArray(double[][]::new))

/// ## How much was looked at
///
/// **Question.** Which share of the text does a token attend to at 8192 tokens, dense and sparse? And in the released model at a
/// million tokens?

var sparse = tiny.config().sparse();
int attended = sparse.effectiveTopK() * sparse.blockSize();
System.out.printf("embedded model at 8192 tokens: %d of 8192, which is %.1f %%%n", attended, 100.0 * attended / 8192);
var released = sala.loader.ModelConfig.released().sparse();
int attendedReleased = released.effectiveTopK() * released.blockSize();
System.out.printf("released model at 1,048,576: %d, which is %.2f %%%n", attendedReleased, 100.0 * attendedReleased / (1 << 20));
Check.equal("96 blocks of 64 tokens", 6144, attendedReleased);

/// ## What it costs
///
/// Seconds for one question, prompt and answer. At short lengths choosing blocks costs as much as it saves.

//%% varies
Plots.logLog("Time of one question", "tokens", "seconds", Arrays.stream(lengths).asDoubleStream().toArray(), seconds)

/// **Try.** Two needles with different keys; a needle at depth 0; lengths of 16384 and 32768, far beyond training. At which length
/// does the first key get lost?

pass.close();
tiny.close();
