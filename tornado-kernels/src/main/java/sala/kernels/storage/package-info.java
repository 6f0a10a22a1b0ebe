/**
 * How stored tensors (weights, embedding, caches) come in several storage types from one source. The hand-written class
 * is the F32 form, such as {@code MatVecF32}: its stored parameters are written {@code @Stored FloatArray weights} and
 * read and written only through {@link sala.kernels.storage.Storage}. {@code build/StorageVariants.java} makes from it,
 * before the compiler runs, the classes that {@link sala.kernels.storage.StorageVariants} asks for.
 */
@NullMarked
package sala.kernels.storage;

import org.jspecify.annotations.NullMarked;
