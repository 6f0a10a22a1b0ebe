/// # 1. Tokens and the embedding
///
/// A language model sees no letters. A *tokenizer* cuts text into pieces of a fixed vocabulary and hands their numbers on:
/// the *token ids*. The first thing the model does is to look up a row of a table for each id. This lesson follows a
/// sentence through both steps.
///
/// Run it with `./sala jshell samples/notebooks/01-tokens.jsh`, or cell by cell in Jupyter. Change whatever you like.

import java.util.*;
import java.util.stream.*;
import sala.kernels.reference.*;
import sala.loader.tokenizer.Tokenizer;
import sala.model.*;
import sala.model.cpu.*;
import sala.samples.lesson.*;

var tiny = TinyModel.open();
var tokenizer = tiny.tokenizer();
var config = tiny.config();

/// ## Text to ids and back
///
/// `▁` stands for the space in front of a word. `<s>` is a *special token*: it begins every text and stands for no letter.

int[] tokens = tokenizer.encode("In the beginning", true);
for (int token : tokens) {
    System.out.printf("%5d  %s%n", token, tokenizer.piece(token));
}

/// The vocabulary of this model has only 2048 pieces, learned from old English books, so frequent words are one piece and
/// rare ones are spelled. What no piece covers falls back to its bytes: nothing is lost, whatever you type.

for (String text : List.of("Moby-Dick", "naïve", "東京", "🙂")) {
    int[] ids = tokenizer.encode(text, false);
    System.out.printf("%-10s %2d tokens  %s%n", text, ids.length, tokenizer.pieces(ids));
    Check.equal(text + " comes back", text, tokenizer.decode(ids, true));
}

/// ## What a token is worth
///
/// A model's cost is counted in tokens, not in letters. How many characters does one token carry?

var samples = new LinkedHashMap<String, String>();
samples.put("Bible", "And it came to pass in those days, that the king said unto his servants");
samples.put("speech", "The Congress has the power to provide for the common defense of the United States");
samples.put("sea", "There she blows! the white whale, and the ship's boats were lowered at once");
samples.put("code", "for (int i = 0; i < n; i++) { sum += x[i] * y[i]; }");
samples.put("German", "Der schnelle braune Fuchs springt über den faulen Hund");
samples.put("digits", "3.14159265358979323846264338327950288419716939937510");
double[] charactersPerToken = samples.values().stream()
        .mapToDouble(text -> (double) text.length() / tokenizer.encode(text, false).length)
        .toArray();
Plots.bars("Characters a token carries", "kind of text", "characters", List.copyOf(samples.keySet()),
        Map.of("sala-tiny-en", charactersPerToken))

/// **Question.** Why do digits stand at about one? Look at the pieces of "1850" and of "year".

System.out.println(tokenizer.pieces(tokenizer.encode("1850", false)));
System.out.println(tokenizer.pieces(tokenizer.encode("year", false)));
Check.that("every digit is a token of its own, so numbers are never cut in an odd way",
        IntStream.range(0, 10).allMatch(digit -> tokenizer.encode("7" + digit, false).length
                == tokenizer.encode("7", false).length + 1));

/// ## Ids to vectors
///
/// The *embedding* `E` is a matrix of one row a token. Row `E[t]` times a constant is where the *hidden state* of the token
/// begins; each layer adds to it:
///
/// $$ \mathrm{hidden}_t = \mathrm{embeddingScale} \cdot E[\mathrm{token}_t] $$
///
/// The scale of 12 comes from muP, a way to set sizes so that settings found on small models hold for large ones.

int hiddenSize = config.hiddenSize();
var table = Matrix.of(tiny.weights().embedding().toDoubles(), hiddenSize);
double[] hidden = Embedding.lookup(tokens, table, config.embeddingScale());
System.out.printf("%d tokens x %d channels; the first channels of '%s':%n", tokens.length, hiddenSize, tokenizer.piece(tokens[3]));
System.out.println(Arrays.stream(hidden, 3 * hiddenSize, 3 * hiddenSize + 6).mapToObj("%.4f"::formatted).toList());

/// Is that what the engine does? A `LayerObserver` sees the activations of a forward pass. Layer -1 is the embedding.

class EmbeddingObserver implements LayerObserver {
    final Map<Integer, float[]> rows = new TreeMap<>();
    public boolean observes(Activation activation, int layer, int position) {
        return activation == Activation.EMBEDDING;
    }
    public void activation(Activation activation, int layer, int position, float[] values) {
        rows.put(position, values);
    }
}
var observer = new EmbeddingObserver();
try (var pass = new CpuForwardPass(tiny.weights(), CpuOptions.defaults());
        var session = pass.newSession(SessionOptions.ofContextLength(64).withObserver(observer))) {
    pass.prefill(session, tokens);
}
for (int t = 0; t < tokens.length; t++) {
    float[] row = observer.rows.get(t);
    double[] seen = IntStream.range(0, hiddenSize).mapToDouble(i -> row[i]).toArray();
    double[] computed = Arrays.copyOfRange(hidden, t * hiddenSize, (t + 1) * hiddenSize);
    Check.close("the engine's hidden state of '%s' is ours".formatted(tokenizer.piece(tokens[t])), computed, seen, 1e-5);
}

/// ## Words as neighbours
///
/// Nobody told the model what a king is. It only learned which words follow which, and words that are used alike got rows
/// that point in like directions. The *cosine* of two rows is 1 for the same direction and 0 for unrelated ones.

double[] row(int token) {
    double[] row = new double[hiddenSize];
    table.read(token, row);
    return row;
}
double cosine(double[] a, double[] b) {
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < a.length; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
}
List<String> nearest(String word, int count) {
    int token = tokenizer.encode(word, false)[0];
    return IntStream.range(0, tokenizer.vocabSize()).boxed()
            .filter(other -> other != token)
            .sorted(Comparator.comparingDouble(other -> -cosine(row(token), row(other))))
            .limit(count).map(tokenizer::piece).toList();
}
for (String word : List.of("two", "he", "whale", "king", "sea", "shall")) {
    System.out.printf("%-6s %s%n", word, nearest(word, 6));
}

//%%
var words = Stream.of("king", "priest", "father", "son", "brother", "two", "three", "four", "five", "sea", "ship", "whale")
        .filter(word -> tokenizer.encode(word, false).length == 1).toList();
var cosines = words.stream().map(a -> words.stream()
        .mapToDouble(b -> cosine(row(tokenizer.encode(a, false)[0]), row(tokenizer.encode(b, false)[0]))).toArray())
        .toArray(double[][]::new);
System.out.println(words);
Plots.heatMap("Cosines between rows of the embedding", "word", "word", cosines)

/// **Try.** Take words of your own. Which ones does this small model place well, and which does it hardly know?
///
/// ## What the tables weigh
///
/// **Question.** The embedding and the output head are two tables of `vocabSize x hiddenSize` numbers. Which share of all
/// parameters are they, in this model and in the released one of 9 billion?

double tableShare(sala.loader.ModelConfig c) {
    return 2.0 * c.vocabSize() * c.hiddenSize() / MemoryPlan.parameterCount(c);
}
System.out.printf("sala-tiny-en: %.1f %% of %,d%n", 100 * tableShare(config), MemoryPlan.parameterCount(config));
var released = sala.loader.ModelConfig.released();
System.out.printf("MiniCPM-SALA: %.1f %% of %,d%n", 100 * tableShare(released), MemoryPlan.parameterCount(released));
Check.equal("the released model has 9,477,203,968 parameters", 9_477_203_968L, MemoryPlan.parameterCount(released));
tiny.close();
