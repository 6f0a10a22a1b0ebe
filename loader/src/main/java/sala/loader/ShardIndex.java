package sala.loader;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * {@code model.safetensors.index.json}: which shard holds which tensor. Of its fields only {@code weight_map} counts:
 * {@code metadata.total_size} of published checkpoints often disagrees with their shards, whose own headers say the same
 * and are checked.
 *
 * @param shardOf file name by tensor name
 */
record ShardIndex(Map<String, String> shardOf) {
    /** Name of the file in a checkpoint folder. */
    static final String FILE_NAME = "model.safetensors.index.json";

    /** Largest index accepted; the released model's takes 30 kB. */
    static final int MAX_BYTES = 64 << 20;

    /** A shard lies beside its index: a path would let a checkpoint name any file of the machine. */
    private static final Pattern SHARD_NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}");

    static ShardIndex read(Path path) {
        return parse(path.toString(), StrictJson.readFile(path, MAX_BYTES));
    }

    static ShardIndex parse(String file, byte[] json) {
        Map<String, String> shardOf = new LinkedHashMap<>();
        boolean mapSeen = false;
        try (JsonParser parser = StrictJson.parser(file, json)) {
            StrictJson.expect(parser, file, "the index", JsonToken.START_OBJECT);
            for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
                if (field.equals("weight_map")) {
                    if (mapSeen) {
                        throw new CheckpointException("%s: weight_map occurs twice".formatted(file));
                    }
                    mapSeen = true;
                    readWeightMap(parser, file, shardOf);
                } else {
                    parser.nextToken();
                    parser.skipChildren();
                }
            }
            StrictJson.expectEnd(parser, file, "the index");
        } catch (IOException e) {
            throw StrictJson.malformed(file, "the index", e);
        }
        if (shardOf.isEmpty()) {
            throw new CheckpointException("%s: expected a weight_map that names tensors, found none".formatted(file));
        }
        return new ShardIndex(Collections.unmodifiableMap(shardOf));
    }

    private static void readWeightMap(JsonParser parser, String file, Map<String, String> shardOf) throws IOException {
        StrictJson.expect(parser, file, "weight_map", JsonToken.START_OBJECT);
        for (String tensor = parser.nextFieldName(); tensor != null; tensor = parser.nextFieldName()) {
            String where = "weight_map." + StrictJson.shorten(tensor);
            StrictJson.expect(parser, file, where, JsonToken.VALUE_STRING);
            String shard = parser.getText();
            if (!SHARD_NAME.matcher(shard).matches()) {
                throw new CheckpointException("%s: %s: expected the name of a file in the same folder, found %s"
                        .formatted(file, where, StrictJson.shorten(shard)));
            }
            if (shardOf.put(tensor, shard) != null) {
                throw new CheckpointException("%s: %s occurs twice".formatted(file, where));
            }
        }
    }

    /**
     * Demands that a shard holds what the index says, no less and no more.
     *
     * @param file name of the index, for messages
     * @param found names of the tensors in the shard
     */
    void check(String file, String shard, Set<String> found) {
        for (String tensor : found) {
            String expected = shardOf.get(tensor);
            if (!shard.equals(expected)) {
                throw new CheckpointException("%s: tensor %s is in %s, but the index %s"
                        .formatted(
                                file,
                                StrictJson.shorten(tensor),
                                shard,
                                expected == null ? "lacks it" : "says it is in " + expected));
            }
        }
        shardOf.forEach((tensor, expected) -> {
            if (shard.equals(expected) && !found.contains(tensor)) {
                throw new CheckpointException("%s: tensor %s is not in %s, where the index says it is"
                        .formatted(file, StrictJson.shorten(tensor), shard));
            }
        });
    }

    /** File names of the shards, sorted. */
    SequencedSet<String> shards() {
        return new TreeSet<>(shardOf.values());
    }
}
