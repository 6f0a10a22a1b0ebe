package sala.loader.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import sala.loader.StrictJson;

/**
 * The byte-pair tokenizer of a {@code tokenizer.json} of the Llama family. A text is cut at added tokens; every other
 * piece is normalised on its own, which gives it its own leading word mark, and encoded.
 *
 * <p>Source: huggingface/tokenizers, against which the tests compare it.
 */
public final class BpeTokenizer implements Tokenizer {
    /** Name of the file in a checkpoint folder. */
    public static final String FILE_NAME = "tokenizer.json";

    private static final String REPLACEMENT = "\uFFFD";

    private final TokenizerFile file;
    private final AddedTokens rawTokens;
    private final AddedTokens normalizedTokens;
    private final BitSet special = new BitSet();

    private BpeTokenizer(TokenizerFile file) {
        this.file = file;
        rawTokens = new AddedTokens(
                file.addedTokens().stream().filter(token -> !token.normalized()).toList());
        // A normalised token is looked for in normalised text, so its own text is normalised, too.
        normalizedTokens = new AddedTokens(file.addedTokens().stream()
                .filter(AddedTokens.AddedToken::normalized)
                .map(token -> token.withContent(file.normalizer().normalize(token.content())))
                .toList());
        file.addedTokens().stream().filter(AddedTokens.AddedToken::special).forEach(token -> special.set(token.id()));
    }

    /**
     * Reads a tokenizer.
     *
     * @throws sala.loader.CheckpointException if the file is malformed or asks for what is not implemented
     */
    public static BpeTokenizer read(Path tokenizerJson) {
        return parse(tokenizerJson.toString(), StrictJson.readFile(tokenizerJson, TokenizerFile.MAX_BYTES));
    }

    static BpeTokenizer parse(String name, byte[] json) {
        return new BpeTokenizer(TokenizerFile.parse(name, json));
    }

    @Override
    public int vocabSize() {
        return file.vocabulary().pieces().length;
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        BytePairEncoding.IntList ids = new BytePairEncoding.IntList(text.length() / 2 + 8);
        if (addSpecialTokens) {
            file.prefixIds().forEach(ids::add);
        }
        for (AddedTokens.Split raw : rawTokens.split(wellFormed(text))) {
            if (raw.id() != Vocabulary.NONE) {
                ids.add(raw.id());
                continue;
            }
            for (AddedTokens.Split piece :
                    normalizedTokens.split(file.normalizer().normalize(raw.text()))) {
                if (piece.id() != Vocabulary.NONE) {
                    ids.add(piece.id());
                } else {
                    file.encoding().encode(piece.text(), ids);
                }
            }
        }
        if (addSpecialTokens) {
            file.suffixIds().forEach(ids::add);
        }
        return ids.toArray();
    }

    /** Unpaired surrogates, which are no characters, as U+FFFD. */
    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                int[] codePoints = text.codePoints()
                        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                        .toArray();
                return new String(codePoints, 0, codePoints.length);
            }
        }
        return text;
    }

    @Override
    public String decode(int[] tokens, boolean skipSpecialTokens) {
        StringBuilder text = new StringBuilder();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            if (skipSpecialTokens && isSpecial(token)) {
                continue;
            }
            String piece = piece(token);
            int value = file.decoder().byteOf(piece);
            if (value != Vocabulary.NONE) {
                bytes.write(value);
            } else {
                appendBytes(bytes, text);
                text.append(file.decoder().text(piece));
            }
        }
        appendBytes(bytes, text);
        return file.decoder().strip(text.toString());
    }

    /** A run of bytes is text if it is valid UTF-8 as a whole, else U+FFFD for each byte. */
    private static void appendBytes(ByteArrayOutputStream bytes, StringBuilder text) {
        if (bytes.size() == 0) {
            return;
        }
        text.append(utf8(bytes.toByteArray()).orElse(REPLACEMENT.repeat(bytes.size())));
        bytes.reset();
    }

    /** The text of bytes; empty where they are not valid UTF-8. */
    private static Optional<String> utf8(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
    }

    @Override
    public String piece(int token) {
        if (token < 0 || token >= vocabSize()) {
            throw new IllegalArgumentException(
                    "token %d: expected an id from 0 to %d".formatted(token, vocabSize() - 1));
        }
        return file.vocabulary().pieces()[token];
    }

    @Override
    public boolean isSpecial(int token) {
        return token >= 0 && special.get(token);
    }

    /** The id of a piece or added token, if there is one. */
    public Optional<Integer> id(String piece) {
        int id = file.vocabulary().id(piece);
        return id == Vocabulary.NONE ? Optional.empty() : Optional.of(id);
    }

    /**
     * {@inheritDoc} It differs from {@link #decode} in one thing: a run of byte tokens that is not valid UTF-8 as a whole
     * is U+FFFD for each byte there, while here its characters have been emitted before the fault could be seen.
     */
    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
        return new ByteFallbackDecoder(skipSpecialTokens);
    }

    private final class ByteFallbackDecoder implements StreamingDecoder {
        private final boolean skipSpecialTokens;
        private final byte[] pending = new byte[4];
        private int pendingCount;
        private boolean started;

        private ByteFallbackDecoder(boolean skipSpecialTokens) {
            this.skipSpecialTokens = skipSpecialTokens;
        }

        @Override
        public String accept(int token) {
            String piece = piece(token);
            if (skipSpecialTokens && isSpecial(token)) {
                return "";
            }
            int value = file.decoder().byteOf(piece);
            if (value == Vocabulary.NONE) {
                return emit(takePending() + file.decoder().text(piece));
            }
            return emit(acceptByte((byte) value));
        }

        private String acceptByte(byte value) {
            StringBuilder text = new StringBuilder();
            if (pendingCount > 0 && (value & 0xC0) != 0x80) {
                text.append(takePending()); // a new character begins, so the old one stays incomplete
            }
            pending[pendingCount++] = value;
            int length = sequenceLength(pending[0]);
            if (length == 0) {
                text.append(takePending());
            } else if (pendingCount == length) {
                Optional<String> character = utf8(Arrays.copyOf(pending, length));
                text.append(character.orElse(REPLACEMENT.repeat(length)));
                pendingCount = 0;
            }
            return text.toString();
        }

        /** Bytes of the character that starts with this byte; 0 where none does. */
        private static int sequenceLength(byte first) {
            int value = Byte.toUnsignedInt(first);
            if (value < 0x80) {
                return 1;
            }
            if (value < 0xC2 || value > 0xF4) {
                return 0;
            }
            return value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
        }

        private String takePending() {
            String text = REPLACEMENT.repeat(pendingCount);
            pendingCount = 0;
            return text;
        }

        /** Strips the mark of the first word. */
        private String emit(String text) {
            if (started || text.isEmpty()) {
                return text;
            }
            started = true;
            return file.decoder().strip(text);
        }

        @Override
        public String flush() {
            String text = emit(takePending());
            started = false;
            return text;
        }
    }
}
