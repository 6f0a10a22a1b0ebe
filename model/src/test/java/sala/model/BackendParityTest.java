package sala.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.reference.ReferenceForwardPass;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/**
 * The CPU pass against the reference on seeded weights, one switch of the configuration at a time: also those that no
 * golden checkpoint has.
 */
final class BackendParityTest {
    private static final int PROMPT = 100;
    private static final int STEPS = 4;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"attn_use_rope\": true}",
                "{\"attn_use_output_gate\": false}",
                "{\"lightning_use_rope\": false}",
                "{\"lightning_scale\": \"1/d\"}",
                "{\"lightning_scale\": \"none\"}",
                "{\"qk_norm\": false}",
                "{\"use_output_norm\": false}",
                "{\"use_output_gate\": false}",
                "{\"tie_word_embeddings\": true}",
                "{\"num_key_value_heads\": 1}",
                "{\"num_key_value_heads\": 6}",
                "{\"lightning_nh\": 7, \"lightning_nkv\": 7, \"lightning_head_dim\": 10}",
                "{\"head_dim\": 6}",
                "{\"rope_theta\": 500000.0, \"rms_norm_eps\": 0.001}",
                "{\"scale_emb\": 1, \"scale_depth\": 0.5, \"dim_model_base\": 48}",
                "{\"mixer_types\": [\"lightning-attn\", \"minicpm4\", \"minicpm4\", \"lightning-attn\"]}",
                "{\"sparse_config\": {\"init_blocks\": 0, \"window_size\": 0}}",
                "{\"sparse_config\": {\"init_blocks\": 3, \"topk\": 6}}",
                "{\"sparse_config\": {\"kernel_size\": 8, \"kernel_stride\": 8}}",
                "{\"sparse_config\": {\"block_size\": 16, \"window_size\": 32, \"topk\": 2}}",
                "{\"sparse_config\": {\"dense_len\": 0}}",
                "{\"sparse_config\": {\"dense_len\": 102}}"
            })
    void everySwitchMeansTheSame(String changes) {
        ModelConfig config = TestingCheckpoint.config("continued", changes);
        RandomTensors random = RandomTensors.create();
        int[] tokens = random.ints(PROMPT + STEPS, config.vocabSize());
        ModelWeights weights = ModelWeights.random(config, DType.BF16, RandomTensors.DEFAULT_SEED, Arena.ofAuto());
        try (ForwardPass reference = new ReferenceForwardPass(weights);
                ForwardPass cpu = new CpuForwardPass(weights, new CpuOptions(2, 64, 0))) {
            BlockList expectedBlocks = new BlockList();
            BlockList actualBlocks = new BlockList();
            SessionOptions options = SessionOptions.ofContextLength(PROMPT + STEPS);
            try (Session expected = reference.newSession(options.withObserver(expectedBlocks));
                    Session actual = cpu.newSession(options.withObserver(actualBlocks))) {
                int[] prompt = Arrays.copyOf(tokens, PROMPT);
                assertClose("prefill", reference.prefill(expected, prompt), cpu.prefill(actual, prompt));
                for (int step = PROMPT; step < tokens.length; step++) {
                    assertClose(
                            "decode " + step,
                            reference.decode(expected, tokens[step]),
                            cpu.decode(actual, tokens[step]));
                }
                assertArrayEquals(expectedBlocks.sorted(), actualBlocks.sorted());
            }
        }
    }

    private static void assertClose(String name, Logits expected, Logits actual) {
        TensorAssert.assertClose(name, expected.toArray(), actual.toArray(), Tolerance.CPU_F32_CASES);
    }

    /** All block choices, in words. */
    private static final class BlockList implements LayerObserver {
        private final List<String> choices = new ArrayList<>();

        String[] sorted() {
            return choices.stream().sorted().toArray(String[]::new);
        }

        @Override
        public boolean observesBlocks(int layer, int position) {
            return true;
        }

        @Override
        public void blocks(int layer, int kvHead, int position, int[] blocks) {
            choices.add("layer %d, KV head %d, position %d: %s"
                    .formatted(layer, kvHead, position, Arrays.toString(blocks)));
        }
    }
}
