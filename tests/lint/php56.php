<?php
/* SPDX-License-Identifier: MIT */
/*
 * php56.php - finds what PHP 5.6 does not know, in the tokens of the PHP that
 * runs it, and functions and constants that came later.  It is no PHP 5.6:
 * what it does not look for, it does not find.
 */

/* Tokens that came later, by name: not every PHP has all of them. */
const LATER = array(
    'T_COALESCE' => '??', 'T_COALESCE_EQUAL' => '??=', 'T_FN' => 'fn',
    'T_SPACESHIP' => '<=>', 'T_MATCH' => 'match', 'T_ENUM' => 'enum',
    'T_READONLY' => 'readonly', 'T_ATTRIBUTE' => 'an attribute',
    'T_NULLSAFE_OBJECT_OPERATOR' => '?->', 'T_YIELD_FROM' => 'yield from',
    'T_NAME_QUALIFIED' => 'a name with \\', 'T_NAME_FULLY_QUALIFIED' =>
    'a name with \\', 'T_NAME_RELATIVE' => 'a name with \\',
);

/* Functions, constants and classes of PHP 7 and 8. */
const LATER_NAMES = ' array_all array_any array_find array_find_key
    array_first array_is_list array_key_first array_key_last array_last
    error_clear_last fdiv fpow fsync get_debug_type get_mangled_object_vars
    get_resource_id hrtime intdiv is_countable is_iterable
    json_validate mb_chr mb_ord mb_scrub mb_str_pad mb_str_split net_get_interfaces
    password_algos preg_last_error_msg preg_replace_callback_array random_bytes
    random_int session_create_id session_gc spl_object_id str_contains
    str_ends_with str_starts_with str_decrement str_increment
    stream_isatty sapi_windows_vt100_support hash_hmac_algos hash_hkdf
    JSON_THROW_ON_ERROR JSON_INVALID_UTF8_SUBSTITUTE
    JSON_INVALID_UTF8_IGNORE PREG_UNMATCHED_AS_NULL PHP_OS_FAMILY
    PHP_FLOAT_EPSILON PHP_FD_SETSIZE Throwable TypeError ValueError
    ArgumentCountError ArithmeticError DivisionByZeroError Error JsonException
    Stringable WeakMap WeakReference ';

const SCALARS = ' int float string bool iterable object mixed void never null
    false true static ';

/* The tokens that count: list of (id or character, text, line). */
function tokens($text)
{
    $list = array();
    $line = 1;
    foreach (token_get_all($text) as $token) {
        $token = is_array($token) ? $token : array($token, $token, $line);
        $line = $token[2] + substr_count($token[1], "\n");
        if (!in_array($token[0], array(T_WHITESPACE, T_COMMENT, T_DOC_COMMENT),
            true)) {
            $list[] = $token;
        }
    }
    return $list;
}

/* Is the text one of the words in such a list? */
function is_word($text, $words)
{
    return preg_match('/\s' . preg_quote($text, '/') . '\s/i', $words) === 1;
}

/* Where the bracket at $i is closed. */
function closing($list, $i)
{
    $depth = 0;
    do {
        if (in_array($list[$i][1], array('(', '[', '{'), true)) {
            $depth++;
        } elseif (in_array($list[$i][1], array(')', ']', '}'), true)) {
            $depth--;
        }
    } while ($depth > 0 && isset($list[++$i]));
    return $i;
}

/* What a function's head has: types, its end. */
function head_problem($list, $i)
{
    while ($list[$i][1] !== '(') {
        $i++;
    }
    $end = closing($list, $i);
    for ($k = $i; $k < $end; $k++) {
        $is_type = in_array($list[$k][0], array(T_STRING, T_STATIC), true)
            && in_array($list[$k + 1][1][0], array('$', '&', '|', '.'), true);
        if ($is_type && is_word($list[$k][1], SCALARS)) {
            return 'a scalar type';
        }
        if (in_array($list[$k][1], array('?', '|'), true)) {
            return 'a nullable or union type';
        }
        if (in_array($list[$k][0], array(T_PUBLIC, T_PROTECTED, T_PRIVATE),
            true)) {
            return 'a promoted property';
        }
    }
    if ($list[$end - 1][1] === ',') {
        return 'a comma behind the last parameter';
    }
    if (isset($list[$end + 1]) && $list[$end + 1][0] === T_USE) {
        $end = closing($list, $end + 2);
    }
    return isset($list[$end + 1]) && $list[$end + 1][1] === ':'
        ? 'a return type' : null;
}

/* What is wrong with the token at $i, or null. */
function problem($list, $i)
{
    list($id, $text) = $list[$i];
    $before = $i > 0 ? $list[$i - 1] : array('', '', 0);
    $next = isset($list[$i + 1]) ? $list[$i + 1] : array('', '', 0);
    $name = is_int($id) ? token_name($id) : '';

    if (isset(LATER[$name])) {
        return LATER[$name];
    }
    if ($id === T_FUNCTION) {
        return head_problem($list, $i);
    }
    /* An array in brackets is fine, but not as a list; the file has none. */
    if ($text === '[' && !in_array($before[1], array(')', ']', '}', '"'), true)
        && !in_array($before[0], array(T_VARIABLE, T_STRING,
            T_CONSTANT_ENCAPSED_STRING), true)) {
        return 'an array or a list in brackets';
    }
    if ($text === ')' && $before[1] === ',') {
        return opens_array($list, $i) ? null : 'a comma behind the last '
            . 'argument';
    }
    if ($id === T_ELLIPSIS && ($next[1] === ')' || opens_array($list, $i))) {
        return 'an unpacked array';
    }
    if (in_array($id, array(T_PUBLIC, T_PROTECTED, T_PRIVATE, T_VAR), true)) {
        $k = $next[0] === T_STATIC ? $i + 2 : $i + 1;
        if ($list[$k][0] === T_CONST) {
            return 'the visibility of a constant';
        }
        if (in_array($list[$k][0], array(T_STRING, T_ARRAY), true)
            || $list[$k][1] === '?') {
            return 'the type of a property';
        }
    }
    if ($id === T_NEW && $next[0] === T_CLASS) {
        return 'a class without a name';
    }
    if ($id === T_CATCH) {
        $end = closing($list, $i + 1);
        if ($end !== $i + 4) {
            return 'several classes, or no variable, to catch';
        }
    }
    if ($id === T_THROW && !in_array($before[1], array(';', '{', '}', ')',
        'else', ':'), true)) {
        return 'throw within an expression';
    }
    if ($id === T_STRING && $next[1] === ':'
        && in_array($before[1], array('(', ','), true)) {
        return 'the name of an argument';
    }
    if ($id === T_LIST && isset($list[$i + 3])
        && $list[$i + 3][0] === T_DOUBLE_ARROW) {
        return 'keys in a list';
    }
    if (in_array($id, array(T_LNUMBER, T_DNUMBER), true)
        && (strpos($text, '_') !== false || stripos($text, '0o') === 0)) {
        return 'digits apart';
    }
    if ($id === T_END_HEREDOC && $text[0] === ' ') {
        return 'an indented end of a text';
    }
    if ($id === T_STRING && is_word($text, LATER_NAMES)
        && !in_array($before[0], array(T_OBJECT_OPERATOR, T_DOUBLE_COLON,
            T_FUNCTION), true)) {
        return "$text, which PHP 5.6 does not have";
    }
    return null;
}

/* Does `array(` open the round bracket that token $i stands in? */
function opens_array($list, $i)
{
    $depth = 0;
    while (--$i > 0) {
        if ($list[$i][1] === ')') {
            $depth++;
        } elseif ($list[$i][1] === '(' && $depth-- === 0) {
            return in_array($list[$i - 1][0], array(T_ARRAY, T_LIST), true);
        }
    }
    return false;
}

$problems = 0;
foreach (array_slice($_SERVER['argv'], 1) as $path) {
    $text = @file_get_contents($path);
    if ($text === false || $text === '') {
        echo "$path: cannot be read\n";
        $problems++;
        continue;
    }
    $list = tokens($text);
    foreach ($list as $i => $token) {
        $problem = problem($list, $i);
        if ($problem !== null) {
            echo "$path:$token[2]: $problem\n";
            $problems++;
        }
    }
}
exit($problems > 0 ? 1 : 0);
