/**
 * From logits to one token id, on the device: {@link sala.kernels.sampling.Argmax} for temperature 0,
 * {@link sala.kernels.sampling.TokenSampling} with temperature, top-k, top-p and min-p, and before either
 * {@link sala.kernels.sampling.LogitAdjustment} with bias and penalties of single tokens.
 *
 * <p>Logits are finite. A logit of minus infinity is never picked. {@code TokenSampling} says where nothing could be drawn;
 * what a NaN leads to otherwise is some valid id.
 */
@NullMarked
package sala.kernels.sampling;

import org.jspecify.annotations.NullMarked;
