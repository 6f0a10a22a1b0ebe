package sala.loader;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file, parsed and checked; it trusts no byte.
 *
 * <pre>
 * file     = length header data
 * length   = u64, little-endian: bytes of header, at most {@link #MAX_BYTES}
 * header   = JSON object, UTF-8, first byte '{', may end in spaces:
 *            { "__metadata__": { string: string, ... },                      (optional)
 *              name: { "dtype": string, "shape": [n, ...], "data_offsets": [begin, end] }, ... }
 * data     = the rest of the file; offsets count from its first byte
 * </pre>
 *
 * <p>Ordered by offset, the tensors begin at 0, touch each other, and end with the file; the bytes of each are exactly
 * the product of its shape times the size of its element type. Every name occurs once, and so does every field.
 *
 * <p>An example, the two BF16 numbers 1 and 2: 58 bytes of header, 4 of data.
 *
 * <pre>
 * 3a 00 00 00 00 00 00 00
 * {"bias":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}
 * 80 3f 00 40
 * </pre>
 *
 * <p>The format has element types beyond {@link DType} (C64, and F4 and F6 kinds that share bytes); no SALA checkpoint
 * uses them, and they are refused like unknown ones.
 *
 * <p>Source: huggingface/safetensors, {@code safetensors/src/tensor.rs}.
 *
 * @param metadata the {@code __metadata__} object
 * @param entries tensors by name, ordered by offset
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, Entry> entries) {
    /** Largest header accepted, the limit of the reference implementation. */
    static final int MAX_BYTES = 100_000_000;

    /** Most dimensions of a tensor. */
    static final int MAX_RANK = 16;

    /** Most tensors of a file; bounds the memory that a header of {@link #MAX_BYTES} can ask for. */
    static final int MAX_TENSORS = 100_000;

    private static final String METADATA = "__metadata__";

    /**
     * One tensor.
     *
     * @param dtype element type
     * @param shape dimensions
     * @param begin first byte, from the start of the data
     * @param end byte after the last
     */
    record Entry(DType dtype, Shape shape, long begin, long end) {}

    /**
     * Checks the length field.
     *
     * @param length the first 8 bytes of the file as a signed number
     * @param fileBytes size of the file
     * @return bytes of the header
     */
    static int checkLength(String file, long length, long fileBytes) {
        if (length < 2 || length > MAX_BYTES) {
            throw new CheckpointException("%s: expected a header of 2 to %d bytes, found length %s"
                    .formatted(file, MAX_BYTES, Long.toUnsignedString(length)));
        }
        if (length > fileBytes - Long.BYTES) {
            throw new CheckpointException(
                    "%s: the header takes %d bytes but only %d follow its length: the file is truncated"
                            .formatted(file, length, fileBytes - Long.BYTES));
        }
        return (int) length;
    }

    /**
     * Parses a header.
     *
     * @param file name for messages
     * @param header the JSON bytes
     * @param dataBytes bytes of the file behind the header
     */
    static SafetensorsHeader parse(String file, ByteBuffer header, long dataBytes) {
        if (header.get(header.position()) != '{') {
            throw new CheckpointException("%s: expected a header that begins with '{', found byte 0x%02x"
                    .formatted(file, header.get(header.position())));
        }
        Map<String, String> metadata = Map.of();
        Map<String, Entry> entries = new LinkedHashMap<>();
        try (JsonParser parser = StrictJson.parser(file, header)) {
            StrictJson.expect(parser, file, "the header", JsonToken.START_OBJECT);
            boolean metadataSeen = false;
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                if (name.equals(METADATA)) {
                    if (metadataSeen) {
                        throw new CheckpointException("%s: %s occurs twice".formatted(file, METADATA));
                    }
                    metadataSeen = true;
                    metadata = readMetadata(parser, file);
                } else if (entries.put(name, readEntry(parser, file, name)) != null) {
                    throw new CheckpointException(
                            "%s: tensor %s occurs twice".formatted(file, StrictJson.shorten(name)));
                } else if (entries.size() > MAX_TENSORS) {
                    throw new CheckpointException("%s: more than %d tensors".formatted(file, MAX_TENSORS));
                }
            }
            StrictJson.expectEnd(parser, file, "the header");
        } catch (IOException e) {
            throw StrictJson.malformed(file, "the header", e);
        }
        return new SafetensorsHeader(Map.copyOf(metadata), checkLayout(file, entries, dataBytes));
    }

    private static Map<String, String> readMetadata(JsonParser parser, String file) throws IOException {
        StrictJson.expect(parser, file, METADATA, JsonToken.START_OBJECT);
        Map<String, String> metadata = new LinkedHashMap<>();
        for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
            String where = METADATA + "." + StrictJson.shorten(key);
            StrictJson.expect(parser, file, where, JsonToken.VALUE_STRING);
            if (metadata.put(key, parser.getText()) != null) {
                throw new CheckpointException("%s: %s occurs twice".formatted(file, where));
            }
        }
        return metadata;
    }

    private static Entry readEntry(JsonParser parser, String file, String name) throws IOException {
        String where = "tensor " + StrictJson.shorten(name);
        StrictJson.expect(parser, file, where, JsonToken.START_OBJECT);
        DType dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
            boolean twice = switch (field) {
                case "dtype" -> {
                    boolean seen = dtype != null;
                    dtype = readDType(parser, file, where);
                    yield seen;
                }
                case "shape" -> {
                    boolean seen = shape != null;
                    shape = readNumbers(parser, file, where + " shape", MAX_RANK);
                    yield seen;
                }
                case "data_offsets" -> {
                    boolean seen = offsets != null;
                    offsets = readNumbers(parser, file, where + " data_offsets", 2);
                    yield seen;
                }
                default ->
                    throw new CheckpointException("%s: %s: expected dtype, shape and data_offsets, found field %s"
                            .formatted(file, where, StrictJson.shorten(field)));
            };
            if (twice) {
                throw new CheckpointException("%s: %s: %s occurs twice".formatted(file, where, field));
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            throw new CheckpointException("%s: %s: %s is missing"
                    .formatted(file, where, dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets"));
        }
        return checkEntry(file, where, dtype, shape, offsets);
    }

    private static DType readDType(JsonParser parser, String file, String where) throws IOException {
        StrictJson.expect(parser, file, where + " dtype", JsonToken.VALUE_STRING);
        String name = parser.getText();
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(name)) {
                return dtype;
            }
        }
        throw new CheckpointException("%s: %s: expected a dtype of %s, found %s"
                .formatted(file, where, List.of(DType.values()), StrictJson.shorten(name)));
    }

    private static List<Long> readNumbers(JsonParser parser, String file, String where, int limit) throws IOException {
        StrictJson.expect(parser, file, where, JsonToken.START_ARRAY);
        List<Long> numbers = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                    || parser.getLongValue() < 0) {
                throw new CheckpointException("%s: %s: expected an integer from 0 to 2^63-1, found %s"
                        .formatted(file, where, StrictJson.describe(parser)));
            }
            if (numbers.size() == limit) {
                throw new CheckpointException("%s: %s: more than %d numbers".formatted(file, where, limit));
            }
            numbers.add(parser.getLongValue());
        }
        return numbers;
    }

    private static Entry checkEntry(String file, String where, DType dtype, List<Long> dimensions, List<Long> offsets) {
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw new CheckpointException("%s: %s: expected data_offsets [begin, end] with begin <= end, found %s"
                    .formatted(file, where, offsets));
        }
        Shape shape = new Shape(dimensions);
        long expected;
        try {
            expected = Math.multiplyExact(shape.elementCount(), dtype.bytes());
        } catch (ArithmeticException e) {
            throw new CheckpointException(
                    "%s: %s: shape %s of %s exceeds 2^63 bytes".formatted(file, where, shape, dtype), e);
        }
        long found = offsets.get(1) - offsets.get(0);
        if (found != expected) {
            throw new CheckpointException("%s: %s: %s of %s takes %d bytes, but data_offsets %s hold %d"
                    .formatted(file, where, dtype, shape, expected, offsets, found));
        }
        return new Entry(dtype, shape, offsets.get(0), offsets.get(1));
    }

    private static Map<String, Entry> checkLayout(String file, Map<String, Entry> entries, long dataBytes) {
        List<Map.Entry<String, Entry>> ordered = new ArrayList<>(entries.entrySet());
        ordered.sort(Comparator.<Map.Entry<String, Entry>>comparingLong(
                        e -> e.getValue().begin())
                .thenComparingLong(e -> e.getValue().end()));
        Map<String, Entry> checked = new LinkedHashMap<>();
        long position = 0;
        for (Map.Entry<String, Entry> tensor : ordered) {
            long begin = tensor.getValue().begin();
            if (begin != position) {
                throw new CheckpointException("%s: tensor %s: expected data from byte %d on, found %d: the data %s"
                        .formatted(
                                file,
                                StrictJson.shorten(tensor.getKey()),
                                position,
                                begin,
                                begin < position ? "overlaps" : "has a gap"));
            }
            position = tensor.getValue().end();
            checked.put(tensor.getKey(), tensor.getValue());
        }
        if (position != dataBytes) {
            throw new CheckpointException("%s: the tensors take %d bytes, but %d follow the header: the file is %s"
                    .formatted(file, position, dataBytes, position > dataBytes ? "truncated" : "too long"));
        }
        return Collections.unmodifiableMap(checked);
    }
}
