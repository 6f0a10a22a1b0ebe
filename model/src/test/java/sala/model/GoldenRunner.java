package sala.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import sala.loader.Checkpoint;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.testing.Golden;
import sala.testing.GoldenTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/**
 * Runs one prompt of the golden data through a forward pass and compares all that is expected of it: logits, hidden
 * states, recurrent states, block choices and greedy tokens. Every backend goes through this same class.
 */
public final class GoldenRunner {
    /** Rows of lower robustness may differ, and everything after them may move. */
    private static final int ROBUST = 2;

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

    /** Runs and compares. */
    public static void check(Prompt prompt, Backend backend, Tolerance tolerance) {
        boolean tiny = prompt.folder().equals("sala-tiny-en");
        try (Checkpoint checkpoint = Checkpoint.open(tiny ? Golden.tinyModel() : Golden.path(prompt.folder()));
                ForwardPass pass = backend.open(ModelWeights.load(checkpoint))) {
            new Run(prompt, pass, tolerance).check();
        }
    }

    private static final class Run implements LayerObserver {
        private final JsonNode run;
        private final String name;
        private final GoldenTensors expected;
        private final ModelConfig config;
        private final ForwardPass pass;
        private final Tolerance tolerance;
        private final int maxGreedySteps;
        private final int length;
        private final Map<String, float[]> activations = new HashMap<>();
        private final Map<String, int[]> blocks = new HashMap<>();

        Run(Prompt prompt, ForwardPass pass, Tolerance tolerance) {
            run = prompt.run();
            name = run.required("name").textValue();
            expected = Golden.tensors(prompt.folder() + "/expected.safetensors");
            this.pass = pass;
            this.tolerance = tolerance;
            maxGreedySteps = prompt.maxGreedySteps();
            config = pass.config();
            length = run.required("length").intValue();
        }

        void check() {
            int[] tokens = ints(run.required("input_ids"));
            SessionOptions options = SessionOptions.ofContextLength(length + 64).withObserver(this);
            try (Session session = pass.newSession(options)) {
                int[] calls = run.has("calls") ? ints(run.required("calls")) : new int[] {length};
                int from = 0;
                for (int call : calls) {
                    pass.prefill(session, Arrays.copyOfRange(tokens, from, from + call));
                    from += call;
                }
                assertEquals(length, session.position());
                checkLastToken(session);
                checkRows();
                checkStates(session);
                boolean allRobust = checkSelections();
                checkGreedy(session, allRobust);
            }
        }

        private void checkLastToken(Session session) {
            close(
                    "last_logits",
                    expected.doubles(name + ".last_logits"),
                    session.logits().toArray());
            double[] hidden = expected.doubles(name + ".hidden_last");
            int width = config.hiddenSize();
            for (int row = 0; row <= config.numLayers(); row++) {
                Activation activation = row == 0 ? Activation.EMBEDDING : Activation.LAYER_OUTPUT;
                close(
                        "hidden_last[" + row + "]",
                        Arrays.copyOfRange(hidden, row * width, (row + 1) * width),
                        activation(activation, row - 1, length - 1));
            }
            close(
                    "final_norm_last",
                    expected.doubles(name + ".final_norm_last"),
                    activation(Activation.FINAL_NORM, config.numLayers(), length - 1));
        }

        /** Logits of all or of some positions of the prompt. */
        private void checkRows() {
            int vocabSize = config.vocabSize();
            if (expected.contains(name + ".logits")) {
                double[] logits = expected.doubles(name + ".logits");
                for (int position = 0; position < length; position++) {
                    close(
                            "logits[" + position + "]",
                            Arrays.copyOfRange(logits, position * vocabSize, (position + 1) * vocabSize),
                            activation(Activation.LOGITS, config.numLayers(), position));
                }
            }
            if (expected.contains(name + ".row_top_ids")) {
                int[] rows = ints(run.required("rows"));
                int[] ids = expected.ints(name + ".row_top_ids");
                double[] logits = expected.doubles(name + ".row_top_logits");
                int count = ids.length / rows.length;
                for (int row = 0; row < rows.length; row++) {
                    float[] found = activation(Activation.LOGITS, config.numLayers(), rows[row]);
                    float[] picked = new float[count];
                    for (int i = 0; i < count; i++) {
                        picked[i] = found[ids[row * count + i]];
                    }
                    close(
                            "row_top_logits[" + rows[row] + "]",
                            Arrays.copyOfRange(logits, row * count, (row + 1) * count),
                            picked);
                }
            }
        }

        private void checkStates(Session session) {
            for (int layer = 0; layer < config.numLayers(); layer++) {
                String key = name + ".state." + layer;
                if (expected.contains(key) && session.cache(layer) instanceof RecurrentState state) {
                    double[] found = new double[expected.doubles(key).length];
                    state.read(found);
                    TensorAssert.assertClose(key, expected.doubles(key), found, tolerance);
                }
            }
        }

        /** Compares block choices as sets, row by row. */
        private boolean checkSelections() {
            boolean allRobust = true;
            for (int layer = 0; layer < config.numLayers(); layer++) {
                String key = name + ".selected." + layer;
                if (config.mixerTypes().get(layer) == MixerType.SPARSE && expected.contains(key)) {
                    int[] selected = expected.ints(key);
                    int[] robust = expected.ints(name + ".selected_robust." + layer);
                    int rows = robust.length / config.numKvHeads();
                    int count = rows == 0 ? 0 : selected.length / robust.length;
                    int[] positions = run.has("selection_rows")
                            ? ints(run.required("selection_rows"))
                            : java.util.stream.IntStream.range(0, rows)
                                    .map(row -> run.required("selection_start").intValue() + row)
                                    .toArray();
                    for (int i = 0; i < robust.length; i++) {
                        allRobust &= robust[i] >= 1;
                        int position = positions[i / config.numKvHeads()];
                        int kvHead = i % config.numKvHeads();
                        int[] want = Arrays.stream(selected, i * count, (i + 1) * count)
                                .filter(block -> block >= 0)
                                .toArray();
                        int[] found = blocks.get(key(layer, kvHead, position));
                        if (robust[i] >= ROBUST || robust[i] == 1) {
                            assertArrayEquals(
                                    want,
                                    found,
                                    "%s layer %d kvHead %d position %d".formatted(name, layer, kvHead, position));
                        } else {
                            assertTrue(found != null && found.length == want.length, key);
                        }
                    }
                }
            }
            return allRobust;
        }

        private void checkGreedy(Session session, boolean allRobust) {
            int[] ids = ints(run.required("greedy_ids"));
            JsonNode gaps = run.required("greedy_gaps");
            double scale = 0;
            for (double logit : expected.doubles(name + ".last_logits")) {
                scale = Math.max(scale, Math.abs(logit));
            }
            double error = (allRobust ? 1 : 20) * 2 * tolerance.relative() * scale;
            for (int step = 0; step < Math.min(ids.length, maxGreedySteps); step++) {
                if (gaps.get(step).doubleValue() <= error) {
                    return; // closer than the engine's error: from here on another text is as right
                }
                assertEquals(ids[step], session.logits().argmax(), "%s greedy step %d".formatted(name, step));
                if (step < ids.length - 1) {
                    pass.decode(session, ids[step]);
                }
            }
        }

        private void close(String what, double[] want, float[] found) {
            TensorAssert.assertClose(name + "." + what, want, found, tolerance);
        }

        private float[] activation(Activation activation, int layer, int position) {
            float[] values = activations.get(activation + "." + layer + "." + position);
            if (values == null) {
                throw new AssertionError(
                        "%s: %s of layer %d at %d was not reported".formatted(name, activation, layer, position));
            }
            return values;
        }

        private static String key(int layer, int kvHead, int position) {
            return layer + "." + kvHead + "." + position;
        }

        @Override
        public boolean observes(Activation activation, int layer, int position) {
            return position < length && (activation == Activation.LOGITS || position == length - 1);
        }

        @Override
        public void activation(Activation activation, int layer, int position, float[] values) {
            activations.put(activation + "." + layer + "." + position, values);
        }

        @Override
        public boolean observesBlocks(int layer, int position) {
            return position < length;
        }

        @Override
        public void blocks(int layer, int kvHead, int position, int[] chosen) {
            blocks.put(key(layer, kvHead, position), chosen);
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
