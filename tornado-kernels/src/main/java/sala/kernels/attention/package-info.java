/**
 * Dense causal attention of grouped query heads over the cache, and {@link sala.kernels.attention.SplitCombine}, which
 * joins the parts of an attention that several work groups shared out among them.
 */
@NullMarked
package sala.kernels.attention;

import org.jspecify.annotations.NullMarked;
