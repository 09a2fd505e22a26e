import fc from 'fast-check';

/**
 * A property that fails is made smaller for so many milliseconds at most, and then told as it is:
 * without a limit, one whose every try costs a tenth of a second is made smaller for hours, and
 * nobody learns which one it was. One that holds is tried for so long at most.
 */
fc.configureGlobal({ ...fc.readConfigureGlobal(), interruptAfterTimeLimit: 45_000 });
