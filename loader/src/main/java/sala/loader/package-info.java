/**
 * A model directory as typed, read-only data: {@link sala.loader.Checkpoint} opens it, checks every byte it relies on,
 * and hands out the configuration, the tensors and the tokenizer. No model maths lives here.
 */
@NullMarked
package sala.loader;

import org.jspecify.annotations.NullMarked;
