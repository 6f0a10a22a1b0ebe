package sala.loader.tokenizer;

import java.util.Arrays;
import java.util.List;

/** Text to token ids and back, with the rules of the checkpoint's {@code tokenizer.json}. Immutable and thread-safe. */
public interface Tokenizer {
    /** Number of ids, added tokens included. */
    int vocabSize();

    /**
     * Token ids of a text. Special tokens spelled out in the text are recognised.
     *
     * @param addSpecialTokens whether to add what the post-processor adds ({@code <s>} in front)
     */
    int[] encode(String text, boolean addSpecialTokens);

    /**
     * Text of token ids; byte tokens that form no valid UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException if an id is outside the vocabulary
     */
    String decode(int[] tokens, boolean skipSpecialTokens);

    /** The piece behind an id as the vocabulary spells it, such as {@code ▁the}, {@code <0x0A>} or {@code <s>}. */
    String piece(int token);

    /** Whether the id is a special token, such as {@code <s>}. */
    boolean isSpecial(int token);

    /** A decoder for one stream of tokens; its output concatenated equals {@link #decode}. */
    StreamingDecoder streamingDecoder(boolean skipSpecialTokens);

    /** Pieces of the given ids, for display. */
    default List<String> pieces(int[] tokens) {
        return Arrays.stream(tokens).mapToObj(this::piece).toList();
    }
}
