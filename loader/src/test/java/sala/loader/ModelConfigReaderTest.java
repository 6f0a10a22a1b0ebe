package sala.loader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static sala.loader.Refusal.assertRefused;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.Golden;

final class ModelConfigReaderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final CarriedConfig RELEASED_CARRIED = new CarriedConfig(
            List.of("MiniCPMSALAForCausalLM"),
            "minicpm_sala",
            Map.of(
                    "AutoConfig", "configuration_minicpm_sala.MiniCPMSALAConfig",
                    "AutoModel", "modeling_minicpm_sala.MiniCPMSALAModel",
                    "AutoModelForCausalLM", "modeling_minicpm_sala.MiniCPMSALAForCausalLM",
                    "AutoModelForSeq2SeqLM", "modeling_minicpm_sala.MiniCPMSALAForCausalLM",
                    "AutoModelForSequenceClassification", "modeling_minicpm_sala.MiniCPMSALAForSequenceClassification"),
            "silu",
            false,
            0,
            32,
            0.1,
            1,
            true,
            true,
            Optional.of("4.56.1"));

    private static ModelConfig withCarried(ModelConfig config, CarriedConfig carried) {
        return new ModelConfig(
                config.vocabSize(),
                config.hiddenSize(),
                config.intermediateSize(),
                config.mixerTypes(),
                config.numHeads(),
                config.numKvHeads(),
                config.headDim(),
                config.sparseUseRope(),
                config.sparseUseOutputGate(),
                config.sparse(),
                config.lightning(),
                config.ropeTheta(),
                config.rmsNormEps(),
                config.embeddingScale(),
                config.scaleDepth(),
                config.dimModelBase(),
                config.tiedEmbeddings(),
                config.maxPositionEmbeddings(),
                config.bosTokenId(),
                config.eosTokenIds(),
                config.padTokenId(),
                config.torchDtype(),
                carried);
    }

    private static ModelConfig parse(String json) {
        return ModelConfigReader.parse("dir/config.json", json.getBytes(UTF_8));
    }

    /** The released configuration with {@code field} set to {@code value}, a dot leading into a nested object. */
    private static ModelConfig parseWith(String field, String value) throws IOException {
        ObjectNode config = releasedJson();
        int dot = field.indexOf('.');
        ObjectNode parent = dot < 0 ? config : config.withObjectProperty(field.substring(0, dot));
        parent.set(field.substring(dot + 1), JSON.readTree(value));
        return parse(config.toString());
    }

    private static ObjectNode releasedJson() throws IOException {
        try (InputStream json = ModelConfigReaderTest.class.getResourceAsStream("released-config.json")) {
            assertNotNull(json);
            return (ObjectNode) JSON.readTree(json);
        }
    }

    @Test
    void releasedConfiguration() throws IOException {
        ModelConfig expected = new ModelConfig(
                73_448,
                4096,
                16_384,
                "SLLLLLLLLSLLLLLLSSLLLLSLLLLLLSSS"
                        .chars()
                        .mapToObj(letter -> letter == 'S' ? MixerType.SPARSE : MixerType.LIGHTNING)
                        .toList(),
                32,
                2,
                128,
                false,
                true,
                new SparseConfig(32, 16, 1, 64, 2048, 64, 8192, false),
                new LightningConfig(32, 128, 0.08838834764831845, true, true, true, true),
                10_000,
                1e-6,
                12,
                1.4,
                256,
                false,
                524_288,
                1,
                List.of(2, 73_440),
                2,
                "bfloat16",
                RELEASED_CARRIED);
        assertEquals(expected, parse(releasedJson().toString()));
        assertEquals(expected, withCarried(ModelConfig.released(), RELEASED_CARRIED));
        assertEquals(0.24748737341529164, expected.residualScale(), 1e-16);
        assertEquals(1 / 16.0, expected.logitScale());
        assertEquals(96, expected.sparse().effectiveTopK());
        assertEquals(16, expected.groupSize());
    }

    @Test
    void everyFieldOfTheFileIsRead() throws IOException {
        ModelConfig config = parse("""
                {"model_type": "minicpm_sala", "vocab_size": 11, "hidden_size": 12, "intermediate_size": 13,
                 "mixer_types": ["minicpm4", "lightning-attn", "minicpm4"], "num_hidden_layers": 3,
                 "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 10, "attn_use_rope": true,
                 "attn_use_output_gate": false, "rope_theta": 500000, "rms_norm_eps": 1e-5, "scale_emb": 2.5,
                 "scale_depth": 3, "dim_model_base": 4, "tie_word_embeddings": true, "max_position_embeddings": 99,
                 "bos_token_id": 7, "eos_token_id": 8, "pad_token_id": 9, "torch_dtype": "float16",
                 "architectures": ["MiniCPMSALAForCausalLM", "Other"], "auto_map": {"AutoConfig": "a.B", "AutoTokenizer": ["c", null]},
                 "hidden_act": "silu", "attention_bias": false, "attention_dropout": 0.25, "mup_denominator": 16,
                 "initializer_range": 0.5, "pretraining_tp": 2, "shift_labels": false, "use_cache": false,
                 "transformers_version": "4.57.1",
                 "lightning_nh": 4, "lightning_nkv": 4, "lightning_head_dim": 16, "lightning_scale": "1/d",
                 "lightning_use_rope": false, "qk_norm": false, "use_output_norm": false, "use_output_gate": false,
                 "sparse_config": {"kernel_size": 8, "kernel_stride": 4, "init_blocks": 2, "block_size": 16,
                                   "window_size": 48, "topk": 5, "dense_len": 0, "use_nope": false}}
                """);
        assertEquals(
                new ModelConfig(
                        11,
                        12,
                        13,
                        List.of(MixerType.SPARSE, MixerType.LIGHTNING, MixerType.SPARSE),
                        6,
                        3,
                        10,
                        true,
                        false,
                        new SparseConfig(8, 4, 2, 16, 48, 5, 0, false),
                        new LightningConfig(4, 16, 1 / 16.0, false, false, false, false),
                        500_000,
                        1e-5,
                        2.5,
                        3,
                        4,
                        true,
                        99,
                        7,
                        List.of(8),
                        9,
                        "float16",
                        new CarriedConfig(
                                List.of("MiniCPMSALAForCausalLM", "Other"),
                                "minicpm_sala",
                                Map.of("AutoConfig", "a.B"),
                                "silu",
                                false,
                                0.25,
                                16,
                                0.5,
                                2,
                                false,
                                false,
                                Optional.of("4.57.1"))),
                config);
    }

    @Test
    void goldenDefaults() {
        ModelConfig config = Checkpoint.readConfig(Golden.path("cases/defaults"));
        assertEquals(1.4, config.scaleDepth());
        assertEquals(12, config.embeddingScale());
        assertEquals(1e-6, config.rmsNormEps());
        assertEquals(10_000, config.ropeTheta());
        assertEquals(2, config.padTokenId());
        assertEquals("bfloat16", config.torchDtype());
        assertTrue(config.sparseUseOutputGate());
        assertFalse(config.sparseUseRope());
        assertFalse(config.tiedEmbeddings());
        assertEquals(new LightningConfig(5, 8, 0.3535533905932738, true, true, true, true), config.lightning());
        assertEquals(new SparseConfig(4, 2, 1, 8, 16, 4, 64, false), config.sparse());
    }

    @Test
    void goldenSwitches() {
        ModelConfig config = Checkpoint.readConfig(Golden.path("cases/switches"));
        assertEquals("SLLS", config.layerStrip());
        assertEquals(new LightningConfig(6, 8, 1 / 8.0, false, false, false, false), config.lightning());
        assertFalse(config.sparseUseOutputGate());
        assertTrue(config.tiedEmbeddings());
        assertEquals(3, config.numKvHeads());
        assertEquals(12 / 36.0, config.logitScale());
    }

    @Test
    void goldenTwoStridesPerBlock() {
        ModelConfig config = Checkpoint.readConfig(Golden.path("cases/two-strides-per-block"));
        assertEquals(new SparseConfig(8, 4, 1, 8, 8, 3, 0, false), config.sparse());
        assertEquals(2, config.sparse().stridesPerBlock());
    }

    @Test
    void absentKeysOfSparseConfigHaveTheReleasedValues() {
        SparseConfig sparse = parse("{\"model_type\":\"minicpm_sala\",\"sparse_config\":{\"topk\":7}}")
                .sparse();
        assertEquals(new SparseConfig(32, 16, 1, 64, 2048, 7, 8192, false), sparse);
    }

    /** As the released code: without a sparse_config its attention is dense. */
    @Test
    void sparseConfigNullIsDense() throws IOException {
        SparseConfig sparse = parseWith("sparse_config", "null").sparse();
        assertEquals(new SparseConfig(32, 16, 1, 64, 2048, 64, SparseConfig.NEVER, false), sparse);
    }

    @ParameterizedTest
    @CsvSource({
        "minicpm4, SPARSE",
        "standard, SPARSE",
        "attention, SPARSE",
        "attn, SPARSE",
        "lightning-attn, LIGHTNING",
        "lightning_attn, LIGHTNING",
        "lightning, LIGHTNING"
    })
    void namesOfMixerTypes(String name, MixerType expected) {
        ModelConfig config = parse(
                "{\"model_type\":\"minicpm_sala\",\"num_hidden_layers\":1,\"mixer_types\":[\"%s\"]}".formatted(name));
        assertEquals(List.of(expected), config.mixerTypes());
    }

    @ParameterizedTest
    @CsvSource({"1/sqrt(d), 0.125", "1/d, 0.015625", "none, 1", "'', 1"})
    void lightningScales(String name, double expected) {
        ModelConfig config =
                parse("{\"model_type\":\"minicpm_sala\",\"lightning_head_dim\":64,\"lightning_scale\":\"%s\"}"
                        .formatted(name));
        assertEquals(expected, config.lightning().attentionScale());
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{\"rope_type\":\"default\"}", "{\"type\":\"default\"}"})
    void ropeScalingThatIsNone(String value) throws IOException {
        assertEquals(parse(releasedJson().toString()), parseWith("rope_scaling", value));
    }

    @Test
    void ropeParametersOfNewerTools() throws IOException {
        ObjectNode config = releasedJson();
        config.remove("rope_theta");
        config.set("rope_parameters", JSON.readTree("{\"rope_type\":\"default\",\"rope_theta\":20000.0}"));
        assertEquals(20_000, parse(config.toString()).ropeTheta());
        assertRefused(
                () -> parseWith("rope_parameters", "{\"rope_type\":\"yarn\"}"), "rope_parameters.rope_type", "yarn");
    }

    @Test
    void architecture() {
        assertEquals(
                32, parse("{\"architectures\":[\"MiniCPMSALAForCausalLM\"]}").numLayers());
        assertEquals(32, parse("{\"model_type\":\"minicpm_sala\"}").numLayers());
        assertRefused(() -> parse("{}"), "dir/config.json: model_type: expected minicpm_sala", "found nothing");
        assertRefused(
                () -> parse("{\"model_type\":\"llama\",\"architectures\":[\"MiniCPMSALAForCausalLM\"]}"),
                "model_type",
                "found llama");
        assertRefused(() -> parse("{\"architectures\":[\"LlamaForCausalLM\"]}"), "model_type: expected minicpm_sala");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vocab_size              | 0             | an integer from 1 to 16777216, found 0",
                "vocab_size              | -1            | an integer from 1",
                "vocab_size              | 1e30          | found 1.0E30",
                "vocab_size              | 4.5           | found 4.5",
                "vocab_size              | \"64\"        | found 64",
                "vocab_size              | [64]          | found [64]",
                "vocab_size              | {}            | found an object",
                "vocab_size              | true          | found true",
                "hidden_size             | 0             | an integer from 1",
                "intermediate_size       | 99999999999   | an integer from 1",
                "num_hidden_layers       | 31            | mixer_types: expected a kind for each of num_hidden_layers 31",
                "num_hidden_layers       | 0             | an integer from 1",
                "num_hidden_layers       | 2000000000    | an integer from 1",
                "mixer_types             | []            | a kind for each of num_hidden_layers 32",
                "mixer_types             | [\"mamba\"]   | minicpm4 or lightning-attn for each layer, found [mamba]",
                "mixer_types             | [4]           | a list of strings",
                "mixer_types             | [null]        | a list of strings",
                "mixer_types             | \"minicpm4\"  | a list of strings",
                "num_attention_heads     | 0             | an integer from 1",
                "num_key_value_heads     | 3             | a divisor of num_attention_heads 32, found 3",
                "num_key_value_heads     | 64            | a divisor of num_attention_heads 32",
                "head_dim                | 1000000       | heads x dim of at most",
                "hidden_act              | \"gelu\"      | expected silu, found gelu",
                "attention_bias          | true          | expected false",
                "attention_bias          | 0             | true or false",
                "rope_scaling            | {\"rope_type\":\"yarn\"} | rope_scaling.rope_type: expected default",
                "rope_scaling            | {}            | rope_scaling.rope_type: expected default",
                "rope_scaling            | \"linear\"    | expected an object",
                "rope_theta              | 0             | a number from",
                "rope_theta              | 1e400         | a number from",
                "rms_norm_eps            | -1            | a number from",
                "scale_emb               | \"12\"        | a number from",
                "dim_model_base          | 0             | a number from",
                "max_position_embeddings | 0             | an integer from 1",
                "bos_token_id            | -1            | an integer from 0",
                "eos_token_id            | [2, -1]       | an integer from 0",
                "eos_token_id            | [[2]]         | an integer from 0",
                "eos_token_id            | \"2\"         | an integer from 0",
                "torch_dtype             | 16            | a string",
                "lightning_nkv           | 8             | lightning_nh 32: grouped linear attention is not defined",
                "lightning_head_dim      | 127           | an even number, since lightning_use_rope is true",
                "lightning_head_dim      | 16384         | heads x dim x dim",
                "lightning_scale         | 0.5           | a string",
                "lightning_use_rope      | 1             | true or false",
                "sparse_config           | []            | an object",
                "auto_map                | 1             | an object",
                "attention_dropout       | 2             | a number from",
                "mup_denominator         | \"32\"        | a number from",
                "initializer_range       | -1            | a number from",
                "pretraining_tp          | 1.5           | an integer from",
                "shift_labels            | 1             | true or false",
                "use_cache               | \"yes\"       | true or false",
                "transformers_version    | 4.56          | a string",
                "sparse_config.kernel_size   | 8         | at least kernel_stride 16, found 8",
                "sparse_config.kernel_stride | 0         | an integer from 1",
                "sparse_config.kernel_stride | 24        | block_size: expected a multiple of kernel_stride 24",
                "sparse_config.block_size    | 40        | a multiple of kernel_stride 16, found 40",
                "sparse_config.window_size   | 80        | a multiple of block_size 64, found 80",
                "sparse_config.init_blocks   | -1        | an integer from 0",
                "sparse_config.topk          | -1        | an integer from 0",
                "sparse_config.dense_len     | -1        | an integer from 0",
                "sparse_config.use_nope      | 1         | true or false",
                "quantization_config     | {\"bits\":4}  | only unquantised weights",
                "lightning_layerwise_decay | true        | expected false"
            })
    void wrongFields(String field, String value, String expected) {
        assertRefused(() -> parseWith(field, value), "dir/config.json", field.split("\\.", -1)[0], expected);
    }

    @Test
    void combinationsThatAreNotDefined() throws IOException {
        ObjectNode config = releasedJson();
        config.put("attn_use_rope", true);
        assertTrue(parse(config.toString()).sparseUseRope());
        config.withObjectProperty("sparse_config").put("use_nope", true);
        assertRefused(() -> parse(config.toString()), "sparse_config.use_nope", "attn_use_rope");
        config.put("attn_use_rope", false);
        assertTrue(parse(config.toString()).sparse().useNope());
        config.put("attn_use_rope", true).put("head_dim", 127);
        assertRefused(() -> parse(config.toString()), "head_dim", "an even number, since attn_use_rope is true");
    }

    @Test
    void layerKindsAreRequiredForOtherDepths() {
        assertRefused(
                () -> parse("{\"model_type\":\"minicpm_sala\",\"num_hidden_layers\":8}"),
                "mixer_types: expected a kind for each of num_hidden_layers 8, found nothing");
    }

    @Test
    void unknownFieldsAndNulls() throws IOException {
        ObjectNode config = releasedJson();
        config.set("unknown", JSON.readTree("[null,{\"a\":[1,null]},1e999]"));
        config.putNull("pad_token_id");
        assertEquals(parse(releasedJson().toString()), parse(config.toString()));
    }

    @Test
    void hostileJson() {
        assertRefused(() -> parse(""), "dir/config.json", "expected an object, found the end of the file");
        assertRefused(() -> parse("[]"), "dir/config.json", "expected an object, found an array");
        assertRefused(() -> parse("{} {}"), "dir/config.json", "expected nothing behind it");
        assertRefused(() -> parse("{\"vocab_size\":" + "1".repeat(100_000) + "}"), "dir/config.json", "malformed");
        assertRefused(
                () -> parse("{\"model_type\":\"minicpm_sala\",\"vocab_size\":1e-99999999999}"),
                "dir/config.json",
                "vocab_size");
        assertRefused(() -> parse("{\"model_type\":\"" + "x".repeat(3_000_000) + "\"}"), "model_type", "found xxx");
        assertRefused(() -> parse("{\"a\":" + "[".repeat(1_000_000)), "dir/config.json", "malformed");
        assertRefused(() -> parse("{\"a\":".repeat(500_000)), "dir/config.json", "malformed");
        assertRefused(() -> parse("{\"a\":1,\"a\":1}"), "dir/config.json: a occurs twice");
        assertRefused(() -> parse("{\"a\":null,\"a\":1}"), "dir/config.json: a occurs twice");
        assertRefused(() -> parse("{\"s\":{\"a\":1,\"a\":1}}"), "dir/config.json: s.a occurs twice");
        assertRefused(
                () -> ModelConfigReader.parse(
                        "dir/config.json", new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}),
                "dir/config.json",
                "expected UTF-8",
                "at byte 2");
    }

    /** Long names are cut before they are joined: else each of many nested fields would copy them all again. */
    @Test
    void longNamesAreCut() {
        String json = ("{\"" + "n".repeat(60_000) + "\":").repeat(8) + "{\"a\":1,\"a\":1}" + "}".repeat(8);
        assertRefused(() -> parse(json), "dir/config.json: nnn", "occurs twice");
    }
}
