/**
 * Rotary positions and the per-head norms before them: {@link sala.kernels.rope.RopeTable} computes the cosines and sines
 * of a call once for all layers, {@link sala.kernels.rope.QkNormRope} norms and turns q and k of a layer in place.
 * {@link sala.kernels.rope.QkNorm} and {@link sala.kernels.rope.QkRope} are for models with one of the two switched off.
 * Shape letters: {@code T} tokens of the call.
 */
@NullMarked
package sala.kernels.rope;

import org.jspecify.annotations.NullMarked;
