package sala.model.generate;

import java.util.List;
import sala.loader.tokenizer.ChatMessage;

/** Writes a dialogue as the text that the model reads; a checkpoint's chat template is one. */
@FunctionalInterface
public interface ChatRenderer {
    /**
     * The whole text, special tokens spelled out.
     *
     * @param addGenerationPrompt whether to end with the beginning of an assistant's turn
     */
    String render(List<ChatMessage> messages, boolean addGenerationPrompt);
}
