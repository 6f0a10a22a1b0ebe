package sala.tornado.interpreter.engine;

import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;

/**
 * What is known of a value in a local variable or on the operand stack.
 *
 * @param kind the kind as the verifier sees it: int, long, float, double, reference; void for what is unusable
 * @param type the class of a reference
 * @param parameter the number of the parameter it certainly is, or -1
 * @param privateArray whether it certainly is an array that the lane made for itself
 * @param slot the local variable it was loaded from, or -1
 */
record ValueType(TypeKind kind, ClassDesc type, int parameter, boolean privateArray, int slot) {
    private static final int UNFINISHED = -2;
    static final ValueType UNUSABLE = of(TypeKind.VOID);
    static final ValueType INT = of(TypeKind.INT);
    static final ValueType LONG = of(TypeKind.LONG);
    static final ValueType FLOAT = of(TypeKind.FLOAT);
    static final ValueType DOUBLE = of(TypeKind.DOUBLE);

    /** The type of {@code null}. */
    static final ValueType NULL = reference(ConstantDescs.CD_void);

    private static ValueType of(TypeKind kind) {
        return new ValueType(kind, ConstantDescs.CD_void, -1, false, -1);
    }

    static ValueType reference(ClassDesc type) {
        return new ValueType(TypeKind.REFERENCE, type, -1, false, -1);
    }

    static ValueType newArray(ClassDesc type) {
        return new ValueType(TypeKind.REFERENCE, type, -1, true, -1);
    }

    /** An object whose constructor was not called yet. */
    static ValueType unfinished(ClassDesc type) {
        return new ValueType(TypeKind.REFERENCE, type, -1, false, UNFINISHED);
    }

    boolean isUnfinished() {
        return slot == UNFINISHED;
    }

    static ValueType ofKind(TypeKind kind) {
        return switch (kind) {
            case BOOLEAN, BYTE, CHAR, SHORT, INT -> INT;
            case LONG -> LONG;
            case FLOAT -> FLOAT;
            case DOUBLE -> DOUBLE;
            case VOID -> UNUSABLE;
            case REFERENCE -> NULL;
        };
    }

    static ValueType ofDescriptor(ClassDesc descriptor) {
        return descriptor.isPrimitive() ? ofKind(TypeKind.from(descriptor)) : reference(descriptor);
    }

    boolean isNull() {
        return kind == TypeKind.REFERENCE && type.equals(ConstantDescs.CD_void);
    }

    boolean usable() {
        return kind != TypeKind.VOID;
    }

    /** The same value, loaded from a local variable. */
    ValueType loadedFrom(int localSlot, int parameterNumber, boolean isPrivate) {
        return new ValueType(kind, type, parameterNumber, isPrivate, localSlot);
    }
}
