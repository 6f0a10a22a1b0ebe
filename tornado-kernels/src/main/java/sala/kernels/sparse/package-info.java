/** Attention over selected blocks, stage 2 of InfLLM-V2; {@link sala.kernels.selection} selects them. */
@NullMarked
package sala.kernels.sparse;

import org.jspecify.annotations.NullMarked;
