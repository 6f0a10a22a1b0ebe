package sala.model.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sala.loader.tokenizer.ChatMessage;
import sala.loader.tokenizer.Tokenizer;

/**
 * What a conversation knows beside its session: the turns, which tokens stand for the rendered dialogue so far, and
 * which tokens the session holds. Immutable.
 */
final class Transcript {
    private static final int[] NONE = {};

    private final List<ChatMessage> messages;
    /** Beginning of the rendered dialogue, and the tokens that stand for it. */
    private final String seenText;

    private final int[] seenTokens;
    private final int[] heldTokens;

    private Transcript(List<ChatMessage> messages, String seenText, int[] seenTokens, int[] heldTokens) {
        this.messages = List.copyOf(messages);
        this.seenText = seenText;
        this.seenTokens = seenTokens;
        this.heldTokens = heldTokens;
    }

    static Transcript begin(Optional<String> system) {
        return new Transcript(
                system.map(text -> List.of(new ChatMessage("system", text))).orElse(List.of()), "", NONE, NONE);
    }

    List<ChatMessage> messages() {
        return messages;
    }

    int heldCount() {
        return heldTokens.length;
    }

    /** Tokens of a rendered dialogue: those already seen as they are, the rest encoded. */
    int[] encode(String dialogue, Tokenizer tokenizer) {
        if (!seenText.isEmpty() && dialogue.startsWith(seenText)) {
            int[] rest = tokenizer.encode(dialogue.substring(seenText.length()), false);
            if (rest.length > 0 && tokenizer.isSpecial(rest[0])) {
                return concat(seenTokens, rest);
            }
        }
        return tokenizer.encode(dialogue, false);
    }

    /** How many tokens of a dialogue need not be ingested: all that the session holds, or none. */
    int knownCount(int[] dialogue) {
        boolean isPrefix = heldTokens.length < dialogue.length
                && Arrays.equals(heldTokens, 0, heldTokens.length, dialogue, 0, heldTokens.length);
        return isPrefix ? heldTokens.length : 0;
    }

    /** The same turns with an empty session. */
    Transcript withNothingHeld() {
        return new Transcript(messages, seenText, seenTokens, NONE);
    }

    /**
     * After a turn.
     *
     * @param asked all messages up to the question
     * @param prompt the dialogue as rendered for this turn
     * @param promptTokens the dialogue's tokens
     * @param position tokens that the session holds now
     */
    Transcript after(
            List<ChatMessage> asked,
            String prompt,
            int[] promptTokens,
            GenerationResult result,
            int position,
            Tokenizer tokenizer) {
        int[] generated = result.tokens();
        int[] held = Arrays.copyOf(concat(promptTokens, generated), position);
        if (generated.length == 0 && result.stopReason() == StopReason.CANCELLED) {
            return new Transcript(messages, seenText, seenTokens, held);
        }
        List<ChatMessage> answered = new ArrayList<>(asked);
        answered.add(new ChatMessage("assistant", result.text()));
        // The template ends the turn itself, whichever token ended the generation.
        int[] answer = result.stopReason() == StopReason.STOP_TOKEN
                ? Arrays.copyOf(generated, generated.length - 1)
                : generated;
        if (tokenizer.decode(answer, false).equals(result.text())) {
            return new Transcript(answered, prompt + result.text(), concat(promptTokens, answer), held);
        }
        return new Transcript(answered, "", NONE, held);
    }

    private static int[] concat(int[] first, int[] second) {
        int[] both = Arrays.copyOf(first, Math.addExact(first.length, second.length));
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** Writes everything as text, see {@link TranscriptText}. */
    String write() {
        TranscriptText.Writer writer = new TranscriptText.Writer();
        writer.tokens(heldTokens);
        writer.tokens(seenTokens);
        writer.text(seenText);
        writer.number(messages.size());
        for (ChatMessage message : messages) {
            writer.text(message.role());
            writer.text(message.content());
        }
        return writer.toString();
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @param position tokens that the session holds
     * @throws IllegalArgumentException if it is anything else, or not of this session
     */
    static Transcript read(String payload, int position, int vocabSize) {
        TranscriptText.Reader reader = new TranscriptText.Reader(payload);
        int[] held = reader.tokens(vocabSize);
        if (held.length != position) {
            throw new IllegalArgumentException(
                    "expected the %d tokens of the session, found %d".formatted(position, held.length));
        }
        int[] seenTokens = reader.tokens(vocabSize);
        String seenText = reader.text();
        int numMessages = reader.number();
        List<ChatMessage> messages = new ArrayList<>();
        for (int i = 0; i < numMessages; i++) {
            String role = reader.text();
            messages.add(new ChatMessage(role, reader.text()));
        }
        reader.requireEnd();
        return new Transcript(messages, seenText, seenTokens, held);
    }
}
