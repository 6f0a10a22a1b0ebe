package sala.loader.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sala.loader.CheckpointException;
import sala.loader.JsonFields;
import sala.loader.StrictJson;

/**
 * {@code tokenizer.json} of a Llama-family byte-pair tokenizer, read and checked. What this project does not implement
 * is refused by name, never ignored.
 *
 * @param vocabulary pieces, added tokens included
 * @param encoding the byte-pair model
 * @param addedTokens tokens cut out of the text first
 * @param normalizer what is done to text before it is encoded
 * @param decoder what is done to pieces to make text
 * @param prefixIds ids that the post-processor puts in front
 * @param suffixIds ids that it puts behind
 */
record TokenizerFile(
        Vocabulary vocabulary,
        BytePairEncoding encoding,
        List<AddedTokens.AddedToken> addedTokens,
        Normalizer normalizer,
        PieceDecoder decoder,
        List<Integer> prefixIds,
        List<Integer> suffixIds) {
    /** Largest file accepted; the released model's takes 3.7 MB. */
    static final int MAX_BYTES = 256 << 20;

    private static final int MAX_VOCABULARY = 1 << 22;

    /** Fields of {@code model} that are not the vocabulary or the merges, with those two. */
    private record Model(Map<String, Integer> vocab, List<String[]> merges, JsonFields settings) {}

    static TokenizerFile parse(String file, byte[] json) {
        Map<String, JsonFields> sections = new HashMap<>();
        List<JsonFields> added = new ArrayList<>();
        Optional<Model> model = Optional.empty();
        try (JsonParser parser = StrictJson.parser(file, json)) {
            StrictJson.expect(parser, file, "the file", JsonToken.START_OBJECT);
            for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                switch (field) {
                    case "model" -> model = Optional.of(readModel(parser, file));
                    case "added_tokens" -> {
                        while (token == JsonToken.START_ARRAY && parser.nextToken() != JsonToken.END_ARRAY) {
                            added.add(JsonFields.read(parser, file, "added_tokens"));
                        }
                    }
                    case "normalizer", "pre_tokenizer", "post_processor", "decoder" -> {
                        if (token != JsonToken.VALUE_NULL) {
                            sections.put(field, JsonFields.read(parser, file, field));
                        }
                    }
                    default -> parser.skipChildren();
                }
            }
            StrictJson.expectEnd(parser, file, "the file");
        } catch (IOException e) {
            throw StrictJson.malformed(file, "the file", e);
        }
        return build(
                file,
                model.orElseThrow(() -> new CheckpointException("%s: model is missing".formatted(file))),
                added,
                sections);
    }

    private static Model readModel(JsonParser parser, String file) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new CheckpointException(
                    "%s: model: expected an object, found %s".formatted(file, StrictJson.describe(parser)));
        }
        Map<String, Integer> vocab = new HashMap<>();
        List<String[]> merges = new ArrayList<>();
        StringBuilder settings = new StringBuilder("{");
        for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
            switch (field) {
                case "vocab" -> readVocab(parser, file, vocab);
                case "merges" -> readMerges(parser, file, merges);
                case "type", "unk_token", "continuing_subword_prefix", "end_of_word_suffix" -> {
                    if (parser.nextToken() == JsonToken.VALUE_STRING) {
                        settings.append(settings.length() == 1 ? "" : ",")
                                .append('"')
                                .append(field)
                                .append("\":\"")
                                .append(com.fasterxml.jackson.core.io.JsonStringEncoder.getInstance()
                                        .quoteAsString(parser.getText()))
                                .append('"');
                    } else {
                        parser.skipChildren();
                    }
                }
                case "fuse_unk", "byte_fallback", "ignore_merges", "dropout" -> {
                    JsonToken token = parser.nextToken();
                    if (token.isScalarValue() && token != JsonToken.VALUE_NULL) {
                        settings.append(settings.length() == 1 ? "" : ",")
                                .append('"')
                                .append(field)
                                .append("\":")
                                .append(token == JsonToken.VALUE_STRING ? "0" : parser.getText());
                    } else {
                        parser.skipChildren();
                    }
                }
                default -> {
                    parser.nextToken();
                    parser.skipChildren();
                }
            }
        }
        String text = settings.append('}').toString();
        return new Model(
                vocab,
                merges,
                JsonFields.parse(file + ": model", text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    }

    private static void readVocab(JsonParser parser, String file, Map<String, Integer> vocab) throws IOException {
        StrictJson.expect(parser, file, "model.vocab", JsonToken.START_OBJECT);
        for (String piece = parser.nextFieldName(); piece != null; piece = parser.nextFieldName()) {
            int id = parser.nextIntValue(Vocabulary.NONE);
            if (id < 0 || id >= MAX_VOCABULARY) {
                throw new CheckpointException("%s: model.vocab: %s: expected an id from 0 to %d, found %s"
                        .formatted(file, piece, MAX_VOCABULARY - 1, StrictJson.describe(parser)));
            }
            if (vocab.put(piece, id) != null) {
                throw new CheckpointException("%s: model.vocab: %s occurs twice".formatted(file, piece));
            }
        }
    }

    private static void readMerges(JsonParser parser, String file, List<String[]> merges) throws IOException {
        StrictJson.expect(parser, file, "model.merges", JsonToken.START_ARRAY);
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            String[] parts;
            if (parser.currentToken() == JsonToken.START_ARRAY) {
                StrictJson.expect(parser, file, "model.merges", JsonToken.VALUE_STRING);
                String left = parser.getText();
                StrictJson.expect(parser, file, "model.merges", JsonToken.VALUE_STRING);
                parts = new String[] {left, parser.getText()};
                StrictJson.expect(parser, file, "model.merges", JsonToken.END_ARRAY);
            } else {
                String text = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : "";
                int space = text.indexOf(' ');
                if (space < 0 || text.indexOf(' ', space + 1) >= 0) {
                    throw new CheckpointException(
                            "%s: model.merges[%d]: expected [left, right] or \"left right\", found %s"
                                    .formatted(file, merges.size(), StrictJson.describe(parser)));
                }
                parts = new String[] {text.substring(0, space), text.substring(space + 1)};
            }
            merges.add(parts);
        }
    }

    private static TokenizerFile build(
            String file, Model model, List<JsonFields> added, Map<String, JsonFields> sections) {
        JsonFields settings = model.settings();
        if (!settings.string("type", "BPE").equals("BPE")) {
            throw settings.wrong("type", "BPE");
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (!settings.string(affix, "").isEmpty()) {
                throw settings.wrong(affix, "none");
            }
        }
        if (sections.containsKey("pre_tokenizer")) {
            throw new CheckpointException("%s: pre_tokenizer: expected none, found %s"
                    .formatted(file, sections.get("pre_tokenizer").string("type", "an object")));
        }
        List<AddedTokens.AddedToken> tokens = addedTokens(added);
        Map<String, Integer> ids = new HashMap<>(model.vocab());
        for (AddedTokens.AddedToken token : tokens) {
            Integer known = ids.put(token.content(), token.id());
            if (known != null && known != token.id()) {
                throw new CheckpointException("%s: added_tokens: %s has id %d, but %d in the vocabulary"
                        .formatted(file, token.content(), token.id(), known));
            }
        }
        Vocabulary vocabulary = new Vocabulary(pieces(file, ids), ids, merges(file, model));
        int unknownId = Vocabulary.NONE;
        if (settings.has("unk_token")) {
            unknownId = vocabulary.id(settings.string("unk_token", ""));
            if (unknownId == Vocabulary.NONE) {
                throw settings.wrong("unk_token", "a piece of the vocabulary");
            }
        }
        BytePairEncoding encoding = new BytePairEncoding(
                vocabulary,
                unknownId,
                settings.flag("fuse_unk", false),
                settings.flag("byte_fallback", false),
                settings.flag("ignore_merges", false));
        List<Integer> prefix = new ArrayList<>();
        List<Integer> suffix = new ArrayList<>();
        if (sections.containsKey("post_processor")) {
            readPostProcessor(sections.get("post_processor"), vocabulary, prefix, suffix);
        }
        return new TokenizerFile(
                vocabulary,
                encoding,
                tokens,
                Normalizer.of(Optional.ofNullable(sections.get("normalizer"))),
                PieceDecoder.of(Optional.ofNullable(sections.get("decoder"))),
                List.copyOf(prefix),
                List.copyOf(suffix));
    }

    private static List<AddedTokens.AddedToken> addedTokens(List<JsonFields> added) {
        List<AddedTokens.AddedToken> tokens = new ArrayList<>();
        Set<String> contents = new HashSet<>();
        for (JsonFields token : added) {
            String content = token.string("content", "");
            if (content.isEmpty() || !contents.add(content)) {
                throw token.wrong("content", "the text of a token, each once");
            }
            if (!token.has("id")) {
                throw token.wrong("id", "an id");
            }
            tokens.add(new AddedTokens.AddedToken(
                    token.integer("id", 0, 0, MAX_VOCABULARY - 1),
                    content,
                    token.flag("single_word", false),
                    token.flag("lstrip", false),
                    token.flag("rstrip", false),
                    token.flag("normalized", true),
                    token.flag("special", false)));
        }
        return tokens;
    }

    private static String[] pieces(String file, Map<String, Integer> ids) {
        String[] pieces = new String[ids.size()];
        ids.forEach((piece, id) -> {
            if (id >= pieces.length || pieces[id] != null) {
                throw new CheckpointException("%s: expected the ids 0 to %d once each, found %d for %s"
                        .formatted(file, pieces.length - 1, id, piece));
            }
            pieces[id] = piece;
        });
        return pieces;
    }

    private static Map<Long, Vocabulary.Merge> merges(String file, Model model) {
        Map<Long, Vocabulary.Merge> merges = HashMap.newHashMap(model.merges().size());
        int rank = 0;
        for (String[] parts : model.merges()) {
            int left = model.vocab().getOrDefault(parts[0], Vocabulary.NONE);
            int right = model.vocab().getOrDefault(parts[1], Vocabulary.NONE);
            int whole = model.vocab().getOrDefault(parts[0] + parts[1], Vocabulary.NONE);
            if (left == Vocabulary.NONE || right == Vocabulary.NONE || whole == Vocabulary.NONE) {
                throw new CheckpointException(
                        "%s: model.merges[%d]: %s and %s and what they make must be in the vocabulary"
                                .formatted(file, rank, parts[0], parts[1]));
            }
            merges.putIfAbsent(Vocabulary.pair(left, right), new Vocabulary.Merge(rank, whole));
            rank++;
        }
        return merges;
    }

    private static void readPostProcessor(
            JsonFields processor, Vocabulary vocabulary, List<Integer> prefix, List<Integer> suffix) {
        if (!processor.string("type", "").equals("TemplateProcessing")) {
            throw processor.wrong("type", "TemplateProcessing");
        }
        boolean behind = false;
        for (JsonFields element : processor.objects("single")) {
            if (element.has("Sequence")) {
                behind = true;
            } else {
                String name = element.object("SpecialToken").string("id", "");
                int id = vocabulary.id(name);
                if (id == Vocabulary.NONE) {
                    throw processor.wrong("single", "special tokens of the vocabulary, not " + name);
                }
                (behind ? suffix : prefix).add(id);
            }
        }
    }
}
