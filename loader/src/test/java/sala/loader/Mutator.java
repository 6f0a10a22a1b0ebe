package sala.loader;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes broken files from valid ones, the same ones for the same seed: flipped bits, bytes put in, taken out and cut off,
 * pieces copied elsewhere, interesting values, and JSON tokens exchanged so that the text stays JSON. Half of the mutants of
 * a safetensors file get a length field that fits, else few would come past it.
 */
final class Mutator {
    private static final List<String> TOKENS = List.of(
            "0",
            "-0",
            "1",
            "-1",
            "4",
            "24",
            "1.5",
            "1e400",
            "1e-400",
            "2147483647",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "1".repeat(100),
            "null",
            "true",
            "false",
            "NaN",
            "\"\"",
            "\"a\"",
            "\"F64\"",
            "\"U8\"",
            "\"..\"",
            "\"/\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"__metadata__\"",
            "\"data_offsets\"",
            "\"model_type\"",
            "\"weight_map\"",
            "[]",
            "{}",
            "[[]]",
            "{\"a\":1}",
            "[0,0]",
            "[null]",
            "[".repeat(70),
            "{\"a\":".repeat(70),
            "\uFEFF",
            " ");

    private final Random random;

    Mutator(long seed) {
        random = new Random(seed);
    }

    byte[] mutate(byte[] valid) {
        boolean safetensors = valid.length > Long.BYTES && valid[0] != '{';
        // Most mutants are one step from valid: deeper checks are met only if the earlier ones pass.
        int steps = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 1;
        byte[] mutant = valid;
        for (int step = 0; step < steps; step++) {
            mutant = safetensors ? mutateSafetensors(mutant) : mutateText(mutant);
        }
        return mutant;
    }

    private byte[] mutateSafetensors(byte[] file) {
        if (file.length < Long.BYTES || random.nextInt(4) == 0) {
            return random.nextBoolean() ? withLength(file) : mutateBytes(file);
        }
        long length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        if (length < 0 || length > file.length - Long.BYTES) {
            return mutateBytes(file);
        }
        int end = Long.BYTES + (int) length;
        byte[] header = mutateText(Arrays.copyOfRange(file, Long.BYTES, end));
        return SafetensorsBytes.file(
                random.nextBoolean() ? header.length : length, header, Arrays.copyOfRange(file, end, file.length));
    }

    private byte[] withLength(byte[] file) {
        long[] lengths = {
            0,
            1,
            2,
            file.length,
            file.length - 8,
            file.length - 7,
            SafetensorsHeader.MAX_BYTES,
            SafetensorsHeader.MAX_BYTES + 1,
            Integer.MAX_VALUE,
            1L << 32,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            -1,
            random.nextInt(1000),
            random.nextLong()
        };
        byte[] rest = Arrays.copyOfRange(file, Math.min(Long.BYTES, file.length), file.length);
        return SafetensorsBytes.file(lengths[random.nextInt(lengths.length)], rest, new byte[0]);
    }

    private byte[] mutateText(byte[] text) {
        return random.nextInt(3) == 0 ? mutateBytes(text) : mutateTokens(text);
    }

    private byte[] mutateBytes(byte[] bytes) {
        if (bytes.length == 0) {
            return new byte[] {(byte) random.nextInt()};
        }
        int at = random.nextInt(bytes.length);
        int length = Math.min(bytes.length - at, 1 + random.nextInt(8));
        return switch (random.nextInt(6)) {
            case 0 -> {
                byte[] flipped = bytes.clone();
                flipped[at] ^= (byte) (1 << random.nextInt(8));
                yield flipped;
            }
            case 1 -> {
                byte[] replaced = bytes.clone();
                replaced[at] = (byte) random.nextInt();
                yield replaced;
            }
            case 2 -> splice(bytes, at, at, new byte[] {(byte) random.nextInt()});
            case 3 -> splice(bytes, at, at + length, new byte[0]);
            case 4 -> Arrays.copyOf(bytes, at);
            default -> {
                int from = random.nextInt(bytes.length);
                int to = Math.min(bytes.length, from + 1 + random.nextInt(64));
                yield splice(bytes, at, at, Arrays.copyOfRange(bytes, from, to));
            }
        };
    }

    /** Replaces, doubles, removes or exchanges whole tokens: strings, numbers and words, and punctuation. */
    private byte[] mutateTokens(byte[] json) {
        List<int[]> tokens = tokens(json);
        if (tokens.isEmpty()) {
            return mutateBytes(json);
        }
        int[] token = tokens.get(random.nextInt(tokens.size()));
        int[] other = tokens.get(random.nextInt(tokens.size()));
        return switch (random.nextInt(5)) {
            case 0 -> splice(json, token[0], token[1], new byte[0]);
            case 1 -> splice(json, token[0], token[1], Arrays.copyOfRange(json, other[0], other[1]));
            case 2 -> splice(json, token[1], token[1], Arrays.copyOfRange(json, token[0], token[1]));
            default -> {
                byte[] value = TOKENS.get(random.nextInt(TOKENS.size())).getBytes(UTF_8);
                yield splice(json, token[0], token[1], value);
            }
        };
    }

    private static List<int[]> tokens(byte[] json) {
        List<int[]> tokens = new ArrayList<>();
        int position = 0;
        while (position < json.length) {
            int start = position++;
            if (json[start] == '"') {
                while (position < json.length && json[position] != '"') {
                    position++;
                }
                position = Math.min(json.length, position + 1);
            } else if (isWord(json[start])) {
                while (position < json.length && isWord(json[position])) {
                    position++;
                }
            } else if (json[start] == ' ' || json[start] == '\n') {
                continue;
            }
            tokens.add(new int[] {start, position});
        }
        return tokens;
    }

    private static boolean isWord(byte b) {
        return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || b == '-' || b == '.' || b == '+' || b == 'E';
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] piece) {
        byte[] spliced = Arrays.copyOf(bytes, from + piece.length + bytes.length - to);
        System.arraycopy(piece, 0, spliced, from, piece.length);
        System.arraycopy(bytes, to, spliced, from + piece.length, bytes.length - to);
        return spliced;
    }
}
