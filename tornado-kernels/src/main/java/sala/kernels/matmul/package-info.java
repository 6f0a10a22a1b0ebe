/**
 * Matrix products of prefill: many tokens, so that arithmetic is the limit. {@link sala.kernels.matmul.MatMulF32} runs
 * on every backend; {@link sala.kernels.matmul.TensorMatMulF16} uses the tensor cores of PTX and CUDA.
 *
 * <p>Shapes: {@code x [T, inputSize]}, {@code weights [outputSize, inputSize]} as a checkpoint stores them, {@code out
 * [T, outputSize]}; T is {@code step[NUM_TOKENS]}, at most the capacity that the grid is made for.
 */
@NullMarked
package sala.kernels.matmul;

import org.jspecify.annotations.NullMarked;
