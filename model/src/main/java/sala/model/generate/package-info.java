/** From logits to text: sampling, stop conditions, the generation loop. */
@NullMarked
package sala.model.generate;

import org.jspecify.annotations.NullMarked;
