package sala.model.tornado;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.ForwardPass;
import sala.model.GoldenRunner;
import sala.model.GoldenRunner.Prompt;
import sala.model.LoadListener;
import sala.model.Logits;
import sala.model.ModelWeights;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.TestingCheckpoint;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Prefill by tensor cores against the CPU pass, which multiplies in f32: what differs is that the inputs of products are
 * rounded. Decode goes on behind it with the same weights.
 */
class TensorCorePrefillTest {
    /** Of the small model; the projections to KV heads have fewer outputs than a tile has. */
    static final String SIZES = """
            {"hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2,
             "head_dim": 32, "lightning_nh": 8, "lightning_nkv": 8, "lightning_head_dim": 8}""";

    private static final int STEPS = 2;

    /** Products, storage of the weights, tokens of the prompt, of a chunk, and from which length on attention is sparse. */
    static Stream<Arguments> cases() {
        return Stream.of(
                        Arguments.of(Form.F16, 24, 16, 64), // dense, a whole chunk and half of one
                        Arguments.of(Form.ASYNC_F16, 1, 8, 64), // one token of a fragment
                        Arguments.of(Form.ASYNC_F16, 75, 64, 64), // sparse, a whole chunk and one of 11
                        Arguments.of(Form.PACKED_BF16, 63, 64, 64), // a part of a fragment is filled; decode is sparse
                        Arguments.of(Form.PACKED_BF16, 24, 16, 8)) // sparse from the start
                .filter(arguments -> ((Form) arguments.get()[0]).runsHere());
    }

    /** What is multiplied, and how. */
    enum Form {
        F16(MatrixProducts.TENSOR_CORES, StorageType.F16, Tolerance.DEVICE_TENSOR_F16),
        ASYNC_F16(MatrixProducts.ASYNC_TENSOR_CORES, StorageType.F16, Tolerance.DEVICE_TENSOR_F16),
        PACKED_BF16(MatrixProducts.ASYNC_TENSOR_CORES, StorageType.PACKED_BF16, Tolerance.DEVICE_TENSOR_BF16);

        private final MatrixProducts products;
        private final StorageType weights;
        private final Tolerance tolerance;

        Form(MatrixProducts products, StorageType weights, Tolerance tolerance) {
            this.products = products;
            this.weights = weights;
            this.tolerance = tolerance;
        }

        /** On a device, what it would choose by itself, and on PTX no more than that. */
        boolean runsHere() {
            return switch (TornadoRuntimeProvider.getTornadoRuntime()
                    .getDefaultDevice()
                    .getTornadoVMBackend()) {
                case JAVA, CUDA -> true;
                case PTX -> this == F16;
                case METAL, OPENCL, SPIRV, VIRTUAL -> false;
            };
        }

        TornadoOptions options(int capacity, int chunk) {
            return TornadoOptions.ofCapacity(capacity)
                    .withStorage(weights, StorageType.F16)
                    .withProducts(products)
                    .withPrefillChunk(chunk)
                    .withWorkGroups(8);
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("cases")
    void agreesWithTheCpu(Form form, int promptLength, int chunk, int denseLength) {
        ModelConfig config = TestingCheckpoint.config(
                "continued",
                SIZES.replaceFirst("}$", ", \"sparse_config\": {\"dense_len\": %d}}".formatted(denseLength)));
        int length = promptLength + STEPS;
        int[] tokens = RandomTensors.create().ints(length, config.vocabSize());
        ModelWeights weights = ModelWeights.random(config, DType.BF16, RandomTensors.DEFAULT_SEED, Arena.ofAuto());
        SessionOptions options = SessionOptions.ofContextLength(length);
        try (ForwardPass cpu = new CpuForwardPass(weights, new CpuOptions(2, 64, 0));
                ForwardPass device = open(weights, form.options(length, chunk));
                Session expected = cpu.newSession(options);
                Session actual = device.newSession(options)) {
            int[] prompt = Arrays.copyOf(tokens, promptLength);
            assertClose("prefill", form, cpu.prefill(expected, prompt), device.prefill(actual, prompt));
            for (int step = promptLength; step < length; step++) {
                assertClose(
                        "decode " + step,
                        form,
                        cpu.decode(expected, tokens[step]),
                        device.decode(actual, tokens[step]));
            }
        }
    }

    /** On the interpreter in its fast way: the kernels' own tests watch every access, and this is many launches of them. */
    private static ForwardPass open(ModelWeights weights, TornadoOptions options) {
        return new TornadoForwardPass(weights, options, device(), LoadListener.NONE);
    }

    private static TornadoDevice device() {
        TornadoDevice device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
        return device.getTornadoVMBackend() == TornadoVMBackendType.JAVA
                ? TornadoDevices.list().getLast().device()
                : device;
    }

    private static void assertClose(String name, Form form, Logits expected, Logits actual) {
        TensorAssert.assertClose(name, expected.toArray(), actual.toArray(), form.tolerance);
    }

    /**
     * The golden prompts with dense attention of those cases whose sizes fit. Not the sparse ones: their stored choices of
     * blocks hold for scores that are right to 1e-3, which rounded inputs do not give.
     */
    static Stream<Arguments> densePrompts() {
        Map<String, Form> forms = Map.of(
                "cases/dense-chunks len63", Form.ASYNC_F16,
                "cases/group16-two-kv len39", Form.PACKED_BF16);
        return GoldenRunner.cases()
                .filter(prompt -> forms.containsKey(prompt.toString()))
                .map(prompt -> Arguments.of(prompt, forms.get(prompt.toString())))
                .filter(arguments -> ((Form) arguments.get()[1]).runsHere());
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("densePrompts")
    void isNearTheOracle(Prompt prompt, Form form) {
        GoldenRunner.check(prompt, weights -> open(weights, form.options(256, 48)), form.tolerance);
    }
}
