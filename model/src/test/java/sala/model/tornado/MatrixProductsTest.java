package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.ModelShape;
import sala.model.ModelWeights;
import sala.model.TestingCheckpoint;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

class MatrixProductsTest {
    @ParameterizedTest
    @CsvSource({
        "CUDA, PACKED_BF16, ASYNC_TENSOR_CORES",
        "CUDA, F16, ASYNC_TENSOR_CORES",
        "CUDA, F32, PORTABLE",
        "PTX, F16, TENSOR_CORES",
        "PTX, F32, PORTABLE",
        "OPENCL, F16, PORTABLE",
        "JAVA, PACKED_BF16, PORTABLE"
    })
    void areTheFastestThatABackendHas(TornadoVMBackendType backend, StorageType weights, MatrixProducts expected) {
        assertEquals(expected, MatrixProducts.of(backend, ModelShape.NINE_B.config(), weights));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"hidden_size\": 48} | hiddenSize | 48",
                "{\"intermediate_size\": 80} | intermediateSize | 80",
                "{\"head_dim\": 12, \"num_attention_heads\": 4} | numHeads x headDim | 48",
                "{\"lightning_head_dim\": 10} | numHeads x headDim of lightning layers | 80"
            })
    void sizesThatDoNotFitAreNamed(String changes, String name, int size) {
        ModelConfig fitting = TestingCheckpoint.config("group2-f16", TensorCorePrefillTest.SIZES);
        assertEquals(
                MatrixProducts.ASYNC_TENSOR_CORES,
                MatrixProducts.of(TornadoVMBackendType.CUDA, fitting, StorageType.F16));
        ModelConfig config = TestingCheckpoint.config("group2-f16", merged(changes));
        assertEquals(MatrixProducts.PORTABLE, MatrixProducts.of(TornadoVMBackendType.CUDA, config, StorageType.F16));
        TornadoOptions options = TornadoOptions.ofCapacity(64)
                .withStorage(StorageType.F16, StorageType.F16)
                .withProducts(MatrixProducts.TENSOR_CORES);
        try (Arena arena = Arena.ofShared()) {
            ModelWeights weights = ModelWeights.random(config, DType.BF16, 1, arena);
            assertEquals(
                    "%s: tensor-core products need a multiple of 32, found %d; take portable products"
                            .formatted(name, size),
                    assertThrows(IllegalArgumentException.class, () -> new TornadoForwardPass(weights, options))
                            .getMessage());
        }
    }

    private static String merged(String changes) {
        return TensorCorePrefillTest.SIZES.replaceFirst("}$", "," + changes.substring(1));
    }

    @Test
    void weightsInF32AreRefused() {
        TornadoOptions options = TornadoOptions.ofCapacity(64);
        assertEquals(
                "weightStorage: tensor-core products need F16, BF16 or PACKED_BF16, found F32",
                assertThrows(IllegalArgumentException.class, () -> options.withProducts(MatrixProducts.TENSOR_CORES))
                        .getMessage());
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "8, 8", "100, 104", "5000, 2048"})
    void chunksAreWholeFragments(int capacity, int chunk) {
        TornadoOptions options = TornadoOptions.ofCuda(ModelShape.NINE_B.config(), capacity);
        assertEquals(chunk, options.prefillChunk());
        assertEquals(capacity, options.capacity());
        assertEquals(
                Math.min(chunk, 48), options.withCapacity(47).prefillChunk(), "a smaller capacity has smaller chunks");
    }
}
