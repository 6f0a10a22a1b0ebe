package sala.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Set;
import java.util.TreeMap;

/**
 * Arrays of one small safetensors file, read whole. It trusts the file and knows only the element types of the golden
 * data: ground truth shares no code with the loader that it checks.
 */
public final class GoldenTensors {
    private final Path file;
    private final ByteBuffer data;
    private final TreeMap<String, Entry> entries = new TreeMap<>();

    /**
     * One array.
     *
     * @param dtype element type as the file spells it
     * @param shape dimensions, C order
     * @param offset of the first byte, from the start of the data
     */
    private record Entry(String dtype, int[] shape, int offset) {
        int length() {
            int length = 1;
            for (int dimension : shape) {
                length = Math.multiplyExact(length, dimension);
            }
            return length;
        }
    }

    private GoldenTensors(Path file) throws IOException {
        this.file = file;
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = Math.toIntExact(bytes.getLong(0));
        byte[] header = new byte[headerBytes];
        bytes.get(Long.BYTES, header);
        data = bytes.slice(Long.BYTES + headerBytes, bytes.capacity() - Long.BYTES - headerBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
        JsonNode root = new ObjectMapper().readTree(new String(header, StandardCharsets.UTF_8));
        root.properties().forEach(field -> {
            if (!field.getKey().equals("__metadata__")) {
                JsonNode node = field.getValue();
                JsonNode dimensions = node.required("shape");
                int[] shape = new int[dimensions.size()];
                for (int i = 0; i < shape.length; i++) {
                    shape[i] = dimensions.get(i).intValue();
                }
                entries.put(
                        field.getKey(),
                        new Entry(
                                node.required("dtype").textValue(),
                                shape,
                                node.required("data_offsets").get(0).intValue()));
            }
        });
    }

    /** Reads a file. */
    public static GoldenTensors read(Path file) {
        try {
            return new GoldenTensors(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    /** Dimensions, C order. */
    public int[] shape(String name) {
        return entry(name).shape().clone();
    }

    /** A floating-point array, widened exactly. */
    public double[] doubles(String name) {
        Entry entry = entry(name);
        double[] values = new double[entry.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (entry.dtype()) {
                case "F64" -> data.getDouble(entry.offset() + i * Double.BYTES);
                case "F32" -> data.getFloat(entry.offset() + i * Float.BYTES);
                case "F16" -> Float.float16ToFloat(data.getShort(entry.offset() + i * Short.BYTES));
                case "BF16" -> Float.intBitsToFloat(data.getShort(entry.offset() + i * Short.BYTES) << 16);
                default -> throw wrongType(name, entry, "a floating-point type");
            };
        }
        return values;
    }

    /** An I32 or U8 array. */
    public int[] ints(String name) {
        Entry entry = entry(name);
        int[] values = new int[entry.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (entry.dtype()) {
                case "I32" -> data.getInt(entry.offset() + i * Integer.BYTES);
                case "U8" -> Byte.toUnsignedInt(data.get(entry.offset() + i));
                default -> throw wrongType(name, entry, "I32 or U8");
            };
        }
        return values;
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new AssertionError("no array " + name + " in " + file + ", found " + entries.keySet());
        }
        return entry;
    }

    private AssertionError wrongType(String name, Entry entry, String expected) {
        return new AssertionError("%s in %s: expected %s, found %s".formatted(name, file, expected, entry.dtype()));
    }
}
