package sala.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import sala.loader.Checkpoint;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.model.LayerObserver.Activation;
import sala.testing.Golden;
import sala.testing.GoldenTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/**
 * Runs one prompt of the golden data through a forward pass and compares all that is expected of it: logits, hidden
 * states, recurrent states, block choices, dense or sparse, and greedy tokens. Every backend goes through this class.
 */
public final class GoldenRunner {
    /** Robustness, as {@code golden/README.md} counts it, from which on a choice must agree for a float32 engine. */
    private static final int ROBUST_IN_F32 = 1;

    /** Tolerances up to this one are those of a float64 engine; all its choices must agree. */
    private static final double F64_TOLERANCE = 1e-6;

    /** Opens a forward pass over weights. */
    public interface Backend {
        ForwardPass open(ModelWeights weights);
    }

    /**
     * One prompt.
     *
     * @param folder under testing/golden
     * @param run its JSON object
     * @param maxGreedySteps most greedy steps compared
     */
    public record Prompt(String folder, JsonNode run, int maxGreedySteps) {
        @Override
        public String toString() {
            return folder + " " + run.required("name").textValue();
        }
    }

    private GoldenRunner() {}

    /** All runs of all cases. */
    public static Stream<Prompt> cases() {
        return Golden.cases().stream().flatMap(name -> prompts("cases/" + name, "runs", Integer.MAX_VALUE));
    }

    /** The prompts of the trained model. */
    public static Stream<Prompt> tinyModel(int maxGreedySteps) {
        return prompts("sala-tiny-en", "prompts", maxGreedySteps);
    }

    private static Stream<Prompt> prompts(String folder, String field, int maxGreedySteps) {
        JsonNode runs = Golden.json(folder + "/expected.json").required(field);
        return StreamSupport.stream(runs.spliterator(), false).map(run -> new Prompt(folder, run, maxGreedySteps));
    }

    /**
     * Runs and compares.
     *
     * @return the worst measured error, in the metric of {@link Tolerance}
     */
    public static double check(Prompt prompt, Backend backend, Tolerance tolerance) {
        boolean tiny = prompt.folder().equals("sala-tiny-en");
        try (Checkpoint checkpoint = Checkpoint.open(tiny ? Golden.tinyModel() : Golden.path(prompt.folder()));
                ForwardPass pass = backend.open(ModelWeights.load(checkpoint))) {
            return new Run(prompt, pass, tolerance).check();
        }
    }

    private static final class Run {
        private final JsonNode run;
        private final String name;
        private final GoldenTensors expected;
        private final ModelConfig config;
        private final ForwardPass pass;
        private final Tolerance tolerance;
        private final int maxGreedySteps;
        private final int length;
        private final int[] tokens;
        private final int[] sparseLayers;
        private final GoldenRecorder recorder;
        private double worst;

        Run(Prompt prompt, ForwardPass pass, Tolerance tolerance) {
            run = prompt.run();
            name = run.required("name").textValue();
            expected = Golden.tensors(prompt.folder() + "/expected.safetensors");
            this.pass = pass;
            this.tolerance = tolerance;
            maxGreedySteps = prompt.maxGreedySteps();
            config = pass.config();
            length = run.required("length").intValue();
            tokens = ints(run.required("input_ids"));
            sparseLayers = IntStream.range(0, config.numLayers())
                    .filter(layer -> config.mixerTypes().get(layer) == MixerType.SPARSE)
                    .toArray();
            Set<Integer> logitPositions = new HashSet<>();
            if (expected.contains(name + ".logits")) {
                IntStream.range(0, length).forEach(logitPositions::add);
            } else if (run.has("rows")) {
                Arrays.stream(ints(run.required("rows"))).forEach(logitPositions::add);
            }
            recorder = new GoldenRecorder(tokens, logitPositions);
        }

        double check() {
            int[] greedy = ints(run.required("greedy_ids"));
            SessionOptions options =
                    SessionOptions.ofContextLength(length + greedy.length - 1).withObserver(recorder);
            try (Session session = pass.newSession(options)) {
                feed(session);
                checkLastToken(session);
                checkLogits();
                checkStates(session);
                checkSelections();
                checkGreedy(session, greedy);
            }
            return worst;
        }

        /** Feeds the prompt as stated, and checks which calls were sparse. */
        private void feed(Session session) {
            int[] calls = run.has("calls") ? ints(run.required("calls")) : new int[] {length};
            JsonNode sparse = run.required("sparse");
            int from = 0;
            for (int call = 0; call < calls.length; call++) {
                int to = from + calls[call];
                if (from > 0 && calls[call] == 1) {
                    pass.decode(session, tokens[from]);
                } else {
                    pass.prefill(session, Arrays.copyOfRange(tokens, from, to));
                }
                boolean expectedSparse = sparse.isArray() ? sparse.get(call).booleanValue() : sparse.booleanValue();
                for (int position = from; position < to; position++) {
                    checkRegime(position, expectedSparse);
                }
                from = to;
            }
            assertEquals(length, session.position());
        }

        private void checkRegime(int position, boolean sparse) {
            for (int layer : sparseLayers) {
                for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
                    assertEquals(
                            sparse,
                            recorder.hasBlocks(layer, kvHead, position),
                            "%s: sparse at layer %d, KV head %d, position %d".formatted(name, layer, kvHead, position));
                }
            }
        }

        private void checkLastToken(Session session) {
            double[] logits = expected.doubles(name + ".last_logits");
            close("last_logits", logits, session.logits().toArray());
            double[] hidden = expected.doubles(name + ".hidden_last");
            int width = config.hiddenSize();
            for (int row = 0; row <= config.numLayers(); row++) {
                Activation activation = row == 0 ? Activation.EMBEDDING : Activation.LAYER_OUTPUT;
                close(
                        "hidden_last[" + row + "]",
                        row(hidden, row, width),
                        recorder.activation(activation, row - 1, length - 1));
            }
            close(
                    "final_norm_last",
                    expected.doubles(name + ".final_norm_last"),
                    recorder.activation(Activation.FINAL_NORM, config.numLayers(), length - 1));
        }

        /** Logits of all or of some positions of the prompt. */
        private void checkLogits() {
            if (expected.contains(name + ".logits")) {
                double[] logits = expected.doubles(name + ".logits");
                for (int position = 0; position < length; position++) {
                    close(
                            "logits[" + position + "]",
                            row(logits, position, config.vocabSize()),
                            recorder.activation(Activation.LOGITS, config.numLayers(), position));
                }
            }
            if (expected.contains(name + ".row_top_ids")) {
                int[] positions = ints(run.required("rows"));
                for (int row = 0; row < positions.length; row++) {
                    checkTop("row", row, recorder.activation(Activation.LOGITS, config.numLayers(), positions[row]));
                }
            }
            if (run.has("prompt_mean_log_prob")) {
                double mean = run.required("prompt_mean_log_prob").doubleValue();
                close("prompt_mean_log_prob", new double[] {mean}, new double[] {recorder.promptMeanLogProb()});
            }
        }

        /** The largest logits of a row, and that no other token's is larger. */
        private void checkTop(String prefix, int row, float[] logits) {
            int[] ids = expected.ints(name + "." + prefix + "_top_ids");
            int count = expected.shape(name + "." + prefix + "_top_ids")[1];
            double[] top = row(expected.doubles(name + "." + prefix + "_top_logits"), row, count);
            float[] others = logits.clone();
            float[] found = new float[count];
            for (int i = 0; i < count; i++) {
                found[i] = logits[ids[row * count + i]];
                others[ids[row * count + i]] = Float.NEGATIVE_INFINITY;
            }
            close(prefix + "_top_logits[" + row + "]", top, found);
            double error = tolerance.relative() * Math.abs(top[0]);
            for (int token = 0; token < others.length; token++) {
                assertTrue(
                        others[token] <= top[count - 1] + error,
                        "%s.%s_top_ids[%d]: token %d is not expected among the largest"
                                .formatted(name, prefix, row, token));
            }
        }

        private void checkStates(Session session) {
            for (int layer = 0; layer < config.numLayers(); layer++) {
                String key = name + ".state." + layer;
                if (expected.contains(key)) {
                    if (!(session.cache(layer) instanceof RecurrentState state)) {
                        throw new AssertionError(key + ": the layer has no recurrent state");
                    }
                    double[] found = new double[expected.doubles(key).length];
                    state.read(found);
                    close("state." + layer, expected.doubles(key), found);
                }
            }
        }

        private void checkSelections() {
            for (int layer : sparseLayers) {
                if (expected.contains(name + ".selected." + layer)) {
                    int rows = expected.shape(name + ".selected." + layer)[0];
                    int[] positions = run.has("selection_rows")
                            ? ints(run.required("selection_rows"))
                            : IntStream.range(length - rows, length).toArray();
                    for (int row = 0; row < rows; row++) {
                        checkSelection("selected", layer, row, positions[row]);
                    }
                }
            }
        }

        /** Compares one row of block choices; where its robustness is not stored it counts as robust. */
        private void checkSelection(String prefix, int layer, int row, int position) {
            String key = name + "." + prefix + "." + layer;
            String robustKey = name + "." + prefix + "_robust." + layer;
            int[] selected = expected.ints(key);
            int count = expected.shape(key)[2];
            boolean f64 = tolerance.relative() <= F64_TOLERANCE;
            for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
                int index = row * config.numKvHeads() + kvHead;
                int[] blocks = Arrays.stream(selected, index * count, (index + 1) * count)
                        .filter(block -> block >= 0)
                        .toArray();
                int[] found = recorder.blocks(layer, kvHead, position);
                String what = "%s, KV head %d, position %d".formatted(key, kvHead, position);
                int robustness = expected.contains(robustKey) ? expected.ints(robustKey)[index] : ROBUST_IN_F32;
                if (f64 || robustness >= ROBUST_IN_F32) {
                    assertArrayEquals(blocks, found, what);
                } else {
                    assertEquals(blocks.length, found.length, what);
                }
            }
        }

        private void checkGreedy(Session session, int[] greedy) {
            assertEquals(greedy.length - 1, run.required("greedy_sparse").size());
            double largest = 0;
            for (double logit : expected.doubles(name + ".last_logits")) {
                largest = Math.max(largest, Math.abs(logit));
            }
            // Both of two logits may be off, one up and one down.
            double error = 2 * tolerance.relative() * largest;
            int sparseSteps = 0;
            for (int step = 0; step < Math.min(greedy.length, maxGreedySteps); step++) {
                float[] logits = session.logits().toArray();
                if (expected.contains(name + ".greedy_logits")) {
                    double[] steps = expected.doubles(name + ".greedy_logits");
                    close("greedy_logits[" + step + "]", row(steps, step, config.vocabSize()), logits);
                }
                if (expected.contains(name + ".greedy_top_ids")) {
                    checkTop("greedy", step, logits);
                }
                if (run.required("greedy_gaps").get(step).doubleValue() <= error) {
                    return; // closer than the engine's error: from here on another text is as right
                }
                assertEquals(
                        greedy[step], session.logits().argmax(), "%s: greedy token of step %d".formatted(name, step));
                if (step == greedy.length - 1) {
                    return;
                }
                pass.decode(session, greedy[step]);
                boolean sparse = run.required("greedy_sparse").get(step).booleanValue();
                checkRegime(length + step, sparse);
                if (sparse) {
                    for (int layer : sparseLayers) {
                        checkSelection("greedy_selected", layer, sparseSteps, length + step);
                    }
                    sparseSteps++;
                }
            }
        }

        private void close(String what, double[] want, float[] found) {
            worst = Math.max(worst, TensorAssert.assertClose(name + "." + what, want, found, tolerance));
        }

        private void close(String what, double[] want, double[] found) {
            worst = Math.max(worst, TensorAssert.assertClose(name + "." + what, want, found, tolerance));
        }

        private static double[] row(double[] values, int row, int width) {
            return Arrays.copyOfRange(values, row * width, (row + 1) * width);
        }
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }
}
