package sala.model.generate;

import sala.loader.tokenizer.StreamingDecoder;

/** Generated tokens to text, through the decoder and past the stop strings, to the listener. */
final class TextStream {
    private final StreamingDecoder decoder;
    private final StopStrings stopStrings;
    private final GenerationListener listener;
    private final StringBuilder text = new StringBuilder();

    TextStream(StreamingDecoder decoder, StopStrings stopStrings, GenerationListener listener) {
        this.decoder = decoder;
        this.stopStrings = stopStrings;
        this.listener = listener;
    }

    /** Adds a token; true if the text has run into a stop string. */
    boolean accept(int token) {
        emit(stopStrings.accept(decoder.accept(token)));
        return stopStrings.found();
    }

    /** Lets go of what was held back; true if that completed a stop string. */
    boolean finish() {
        emit(stopStrings.accept(decoder.flush()));
        emit(stopStrings.flush());
        return stopStrings.found();
    }

    String text() {
        return text.toString();
    }

    private void emit(String piece) {
        if (!piece.isEmpty()) {
            text.append(piece);
            listener.text(piece);
        }
    }
}
