/**
 * Token ids to activations: {@link sala.kernels.embedding.EmbeddingF32} and its forms for other storage types. Shape
 * letters: {@code T} tokens of the call.
 */
@NullMarked
package sala.kernels.embedding;

import org.jspecify.annotations.NullMarked;
