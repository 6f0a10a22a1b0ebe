/**
 * Matrix-vector products of decode: one token, every weight read once, so that the memory's bandwidth is the limit.
 * {@link sala.kernels.matvec.MatVecF32} is the plain form; the others fuse what stands next to a projection in a layer.
 * Shapes: {@code x [inputSize]}, {@code weights [outputSize, inputSize]} as a checkpoint stores them, {@code out
 * [outputSize]}.
 */
@NullMarked
package sala.kernels.matvec;

import org.jspecify.annotations.NullMarked;
