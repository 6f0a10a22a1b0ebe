/**
 * From logits to one token id, on the device: {@link sala.kernels.sampling.Argmax} for temperature 0 and
 * {@link sala.kernels.sampling.TokenSampling} with temperature, top-k, top-p and min-p. The id stays in an array on the
 * device, from which the next step's embedding reads it. Bias and penalties of single tokens are the host sampler's.
 *
 * <p>Logits are finite. A logit of minus infinity is never picked; what a NaN leads to is some valid id.
 */
@NullMarked
package sala.kernels.sampling;

import org.jspecify.annotations.NullMarked;
