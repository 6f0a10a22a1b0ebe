/**
 * The hybrid stack. {@link sala.model.ForwardPass} is the one seam between what computes and what asks; a
 * {@link sala.model.Session} is one conversation; {@link sala.model.ModelWeights} are read-only and shared.
 */
@NullMarked
package sala.model;

import org.jspecify.annotations.NullMarked;
