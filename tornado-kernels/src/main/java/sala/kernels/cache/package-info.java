/**
 * The cache of a sparse layer: {@link sala.kernels.cache.KvAppendF32} writes keys and values of new tokens,
 * {@link sala.kernels.cache.KeyCompressionF32} the window means that block selection scores.
 */
@NullMarked
package sala.kernels.cache;

import org.jspecify.annotations.NullMarked;
