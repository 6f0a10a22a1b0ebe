/**
 * Root-mean-square norms over whole rows: plain, and of one token before the head. The residual add is none of theirs: it is
 * the end of the product that computes the branch. A class ending in F32
 * writes f32; its F16 and Bf16 forms write what a tensor-core matrix product reads. The norms of single heads are in
 * {@link sala.kernels.rope}, the one before the output gate in {@link sala.kernels.gate}. Shape letters: {@code T} tokens
 * of the call.
 */
@NullMarked
package sala.kernels.norm;

import org.jspecify.annotations.NullMarked;
