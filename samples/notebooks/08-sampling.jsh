/// # 8. Generate: from logits to text
///
/// The model hands out one number for each token of the vocabulary, the *logits*. Softmax makes them probabilities; a *sampler*
/// picks one token; the token goes back in, and so on. What the sampler does decides how the text sounds.

import java.util.*;
import java.util.stream.*;
import sala.model.*;
import sala.model.cpu.*;
import sala.model.generate.*;
import sala.samples.lesson.*;

var tiny = TinyModel.open();
var tokenizer = tiny.tokenizer();
var pass = new CpuForwardPass(tiny.weights(), CpuOptions.defaults());
int[] prompt = tokenizer.encode("And the king said unto", true);
var session = pass.newSession(SessionOptions.ofContextLength(256));
Logits logits = pass.prefill(session, prompt);

/// ## Temperature
///
/// $$ p_t = \frac{\exp(l_t / \tau)}{\sum_u \exp(l_u / \tau)} $$
///
/// A low temperature sharpens the distribution, a high one flattens it; at 0 only the likeliest token is left.

double[] probabilities(double temperature) {
    double[] scaled = IntStream.range(0, logits.size()).mapToDouble(t -> logits.get(t) / temperature).toArray();
    double max = Arrays.stream(scaled).max().getAsDouble();
    double[] exp = Arrays.stream(scaled).map(l -> Math.exp(l - max)).toArray();
    double sum = Arrays.stream(exp).sum();
    return Arrays.stream(exp).map(e -> e / sum).toArray();
}
double[] plain = probabilities(1);
List<Integer> best = IntStream.range(0, plain.length).boxed().sorted(Comparator.comparingDouble(t -> -plain[t])).limit(8).toList();
var distributions = new LinkedHashMap<String, double[]>();
for (double temperature : new double[] {0.5, 1, 2}) { // try others
    double[] p = probabilities(temperature);
    distributions.put("temperature " + temperature, best.stream().mapToDouble(t -> p[t]).toArray());
}
Plots.bars("What follows \"And the king said unto\"", "token", "probability", best.stream().map(tokenizer::piece).toList(), distributions)

//%%
double entropy(double[] p) {
    return -Arrays.stream(p).filter(x -> x > 0).map(x -> x * Math.log(x)).sum();
}
double[] temperatures = IntStream.rangeClosed(1, 30).mapToDouble(i -> 0.1 * i).toArray();
double[] choices = Arrays.stream(temperatures).map(t -> Math.exp(entropy(probabilities(t)))).toArray();
Check.that("the higher the temperature, the more tokens compete", IntStream.range(1, choices.length).allMatch(i -> choices[i] > choices[i - 1]));
Plots.lines("Tokens that compete (e to the entropy)", "temperature", "tokens", temperatures, Map.of("after the prompt", choices))

/// ## The engine's sampler draws from that distribution
///
/// `Sampler.create` makes one from `GenerationOptions`; the same seed draws the same tokens. We draw 4000 times and count.

int draws = 4000;
int[] count(GenerationOptions options) {
    Sampler sampler = Sampler.create(options, logits.size(), 42);
    int[] counts = new int[logits.size()];
    for (int i = 0; i < draws; i++) {
        counts[sampler.sample(logits)]++;
    }
    return counts;
}
int[] counts = count(GenerationOptions.builder().temperature(1).build());
double worst = 0;
for (int token : best) {
    double expected = draws * plain[token];
    worst = Math.max(worst, Math.abs(counts[token] - expected) / Math.sqrt(expected * (1 - plain[token])));
}
Check.that("eight likeliest tokens: counted as often as expected, within four standard deviations", worst < 4);

/// ## Cutting off the tail
///
/// Thousands of unlikely tokens together get chosen often, and one of them spoils a sentence. *Top-k* keeps the k likeliest;
/// *top-p* keeps as few as have the probability p together, so it keeps many where the model is unsure and few where it is not.

int kept(GenerationOptions.Builder options) {
    return (int) Arrays.stream(count(options.temperature(1).build())).filter(n -> n > 0).count();
}
int nucleus(double p) {
    double[] sorted = Arrays.stream(plain).boxed().sorted(Comparator.reverseOrder()).mapToDouble(x -> x).toArray();
    double sum = 0;
    int tokens = 0;
    while (sum < p) {
        sum += sorted[tokens++];
    }
    return tokens;
}
Check.that("nothing cut: many", kept(GenerationOptions.builder()) > 20);
Check.equal("top-k 3", 3, kept(GenerationOptions.builder().topKTokens(3)));
Check.that("top-p 0.5: at most the nucleus of %d".formatted(nucleus(0.5)), kept(GenerationOptions.builder().topP(0.5)) <= nucleus(0.5));

/// **Question.** How many tokens does top-p 0.9 keep after this prompt, and how many after "In the beginning"? Which place is
/// the less certain?

double[] logitsAfter(String text) {
    try (var other = pass.newSession(SessionOptions.ofContextLength(64))) {
        float[] values = pass.prefill(other, tokenizer.encode(text, true)).toArray();
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }
}
int nucleusAfter(String text, double p) {
    double[] l = logitsAfter(text);
    double max = Arrays.stream(l).max().getAsDouble();
    double sum = Arrays.stream(l).map(x -> Math.exp(x - max)).sum();
    double[] sorted = Arrays.stream(l).map(x -> Math.exp(x - max) / sum).boxed().sorted(Comparator.reverseOrder()).mapToDouble(x -> x).toArray();
    double total = 0;
    int tokens = 0;
    while (total < p) {
        total += sorted[tokens++];
    }
    return tokens;
}
for (String text : List.of("And the king said unto", "In the beginning", "And it came to pass, that when the king of Israel")) {
    System.out.printf("%3d tokens hold 90 %% after \"%s\"%n", nucleusAfter(text, 0.9), text);
}
Check.equal("both ways of counting agree", nucleus(0.9), nucleusAfter("And the king said unto", 0.9));

/// ## The loop
///
/// `Generator` is that loop: prefill, then sample and decode to a stop. Greedy first, then three temperatures.

String generate(double temperature, double topP) {
    try (var fresh = pass.newSession(SessionOptions.ofContextLength(256))) {
        var options = GenerationOptions.builder().maxTokens(40).temperature(temperature).topP(topP).seed(7).build();
        return new Generator(pass, Optional.of(tokenizer)).generate(fresh, prompt, options).text();
    }
}
String greedy = generate(0, 1);
System.out.println(greedy);
Check.equal("the first greedy token is the likeliest", best.get(0), tokenizer.encode(greedy.strip(), false)[0]);
Check.equal("greedy has no luck in it", greedy, generate(0, 1));

//%% varies
for (double temperature : new double[] {0.5, 1, 2}) {
    System.out.printf("temperature %.1f: %s%n%n", temperature, generate(temperature, 1).replace('\n', ' '));
}
System.out.printf("temperature 2, top-p 0.8: %s%n", generate(2, 0.8).replace('\n', ' '));

/// **Try.** Other seeds, `minP(0.1)`, `repetitionPenalty(1.2)`. The order in which they apply is written down at `Sampler`.

session.close();
pass.close();
tiny.close();
