/** Text to token ids and back: byte-pair encoding with byte fallback, streaming decoding and the chat template. */
@NullMarked
package sala.loader.tokenizer;

import org.jspecify.annotations.NullMarked;
