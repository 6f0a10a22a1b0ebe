package uk.ac.manchester.tornado.api.types.common;

import java.nio.Buffer;

/** Values that can be seen as a buffer. */
public interface PrimitiveStorage<T extends Buffer> {
    void loadFromBuffer(T buffer);

    T asBuffer();

    int size();
}
