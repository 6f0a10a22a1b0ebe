package sala.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.zip.CRC32C;
import sala.loader.DType;

/** Little-endian numbers to a channel through one small buffer, with a running checksum. */
final class SessionFileWriter {
    private final WritableByteChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C checksum = new CRC32C();

    SessionFileWriter(WritableByteChannel channel) {
        this.channel = channel;
    }

    void u8(int value) throws IOException {
        require(Byte.BYTES);
        buffer.put((byte) value);
    }

    void u32(int value) throws IOException {
        require(Integer.BYTES);
        buffer.putInt(value);
    }

    void u64(long value) throws IOException {
        require(Long.BYTES);
        buffer.putLong(value);
    }

    void f32(float value) throws IOException {
        require(Float.BYTES);
        buffer.putFloat(value);
    }

    void bytes(byte[] values) throws IOException {
        int done = 0;
        while (done < values.length) {
            require(1);
            int count = Math.min(buffer.remaining(), values.length - done);
            buffer.put(values, done, count);
            done += count;
        }
    }

    /** @param elementType F32 or F64 */
    void elements(DType elementType, double[] values, int offset, int count) throws IOException {
        for (int i = offset; i < offset + count; i++) {
            require(Double.BYTES);
            if (elementType == DType.F64) {
                buffer.putDouble(values[i]);
            } else {
                buffer.putFloat((float) values[i]);
            }
        }
    }

    /** Ends the file. */
    void checksum() throws IOException {
        flush();
        buffer.putInt((int) checksum.getValue());
        flush();
    }

    private void require(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            flush();
        }
    }

    private void flush() throws IOException {
        buffer.flip();
        checksum.update(buffer.duplicate());
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        buffer.clear();
    }
}
